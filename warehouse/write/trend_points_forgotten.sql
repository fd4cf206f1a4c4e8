-- trend_point: all of them, before they are written anew.
delete from trend_point
