-- incoming: numbers its rows in the order in which they were read.
update incoming set row_number = rowid
