-- Signs of saturation that stand beside the counts, as of the last run.

create table sign (
    direction        text not null,
    kind             text not null,      -- as crowding.SignKind
    last_month       date not null,      -- it tells of the 12 months that end with it
    value            double,             -- measured - base, or measured; null: `lack` says why
    low              double,             -- 80% interval
    high             double,
    measured         double,
    base             double,             -- what it is compared with; null: nothing
    n                bigint not null,    -- papers, or authors, that it rests on
    coverage         double,             -- part of the papers that could enter
    lack             text,               -- as crowding.Lack
    raw              double,             -- `value` before shrinkage
    se               double,             -- standard error of `raw`; null where the interval is not a normal one
    made_with        text not null,      -- model of the vectors, or version of the rule
    primary key (direction, kind)
);
