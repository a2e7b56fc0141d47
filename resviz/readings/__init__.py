"""Pure functions of a record: what it costs, holds, sees, and how it is built."""
