"""How the tables of limits came to be: `igny8 migrate` runs what is missing."""
