-- exposure: the field as the last trends used it, before it is written anew.
delete from exposure where source = 'used'
