"""The engine: real Airflow around the pipeline, started and stopped as one process group."""
