-- incoming: `better` marks the rows that add to what the warehouse holds.
update incoming set better = true from merged where merged.better and incoming.row_number = merged.row_number
