"""What keeps Wrapup well for years: retention, erasure, backups, and what is said when something is wrong."""
