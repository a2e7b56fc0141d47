"""What is known of each ATen operation."""
