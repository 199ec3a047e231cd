"""What contributors run: nothing here is part of the program."""
