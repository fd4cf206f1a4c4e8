-- verdict: all of them, before they are written anew.
delete from verdict
