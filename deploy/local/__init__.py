"""A real Kafka and a real PostgreSQL on loopback, from Python packages and locked jars alone."""
