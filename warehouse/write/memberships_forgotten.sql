-- membership: all of it, before it is written anew.
delete from membership
