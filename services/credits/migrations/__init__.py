"""How the tables of credits came to be: `igny8 migrate` runs what is missing."""
