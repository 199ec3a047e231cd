"""The commands, one subject a file; what needs torch is imported when a command runs, so that help comes at once."""
