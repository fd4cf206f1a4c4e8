-- theme, direction, claim: all of them, before the present catalogue is written.
delete from theme;
delete from direction;
delete from claim
