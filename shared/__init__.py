"""What every service is made of; it knows none of them."""
