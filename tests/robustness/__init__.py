"""What Workbench survives: every fault as a test, and goals that are met over and over (`make torture`)."""
