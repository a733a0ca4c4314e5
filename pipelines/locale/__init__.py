"""The catalogues of messages, one folder per language, and what finds the messages for them (`make messages`)."""
