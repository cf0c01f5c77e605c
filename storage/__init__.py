"""SQLAlchemy behind the storage port: SQLite and PostgreSQL."""
