-- Clusters of the whole field, measured like directions, and how much of them the directions claim.

create table field_cluster (
    number           integer primary key, -- as in cluster, of the empty scope
    category         text not null,      -- that its share is measured in
    as_of            date not null,
    stage            text not null,      -- as model.Stage
    growth           double,             -- log units a year
    growth_low       double,             -- 80% interval
    growth_high      double,
    p_up             double,
    papers_12m       double,
    share_12m        double,
    last_month       date,               -- the last comparable month
    papers           integer not null,   -- ever, whatever their category
    recent           integer not null,   -- of these, in the 12 months that end with the last settled one
    claimed          integer not null,   -- of the recent ones, members of a direction
    unnamed          boolean not null,   -- it rises, and directions claim few of the recent ones
    nearest          text,               -- of unnamed ones: the direction whose papers are nearest, by cosine of means
    nearest_cosine   double,
    central          text[] not null,    -- of unnamed ones: ids of the recent papers nearest to the centroid
    draft            text                -- of unnamed ones: a direction as TOML, to be reviewed
);
