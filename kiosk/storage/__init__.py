"""What is kept: tables, the database, and its migrations."""
