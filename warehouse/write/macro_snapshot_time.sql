-- snapshot_time(text): the time in "Mon, 2 Apr 2007 19:18:42 GMT", as the snapshot writes it; null where it is none.
create or replace temp macro snapshot_time(text_) as try_strptime(text_, '%a, %-d %b %Y %H:%M:%S GMT')
