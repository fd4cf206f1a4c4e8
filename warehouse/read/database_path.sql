-- One row: the file that is open; null in memory.
select path from duckdb_databases() where database_name = current_database()
