"""What is on the bus beside memory."""
