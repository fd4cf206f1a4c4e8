-- Clusters are frozen: made once, then only added to; made anew as a further version, with what became of the old.

create table cluster_set (               -- a version of the clusters of a direction, or of the whole field
    scope            text not null,      -- slug of the direction, or empty for the whole field
    version          integer not null,   -- 1 for the first; the highest one stands
    model            text not null,      -- name and revision of the model whose vectors it lives in
    rule             text not null,      -- version of the way in which the papers were grouped
    seed             bigint,             -- null where an older littriage made it
    made_on          date not null,
    papers           integer not null,   -- that were grouped
    made_of          text not null,      -- stamp of those papers; empty where an older littriage made it
    reason           text not null,      -- first, asked, model, rule, taken over
    advice           text not null,      -- unassigned, outgrown: why making it anew is advised; empty: it is not
    primary key (scope, version)
);

alter table cluster rename to cluster_before;
alter table cluster_member rename to cluster_member_before;

create table cluster (                   -- of every version: what is frozen, and the name
    scope            text not null,
    version          integer not null,
    number           integer not null,   -- its id: means the same cluster in every version, and is never given again
    label            text not null,
    terms            text[] not null,
    founders         integer not null,   -- papers that it was made of
    born_on          date not null,      -- when its number was given
    centroid         float[],            -- unit vector; null until the next run where an older littriage made it
    radius           float,              -- cosine to the centroid that a paper must reach
    cohesion         float,              -- mean cosine of two founders
    name             text,
    name_zh          text,
    named_by         text,               -- the model that gave the names; null: the label of terms stands
    primary key (scope, version, number)
);

create table cluster_member (            -- of the version that stands
    scope            text not null,
    paper_id         text not null,
    number           integer,            -- null: unassigned, in the pool
    similarity       float not null,     -- cosine to the nearest cluster's centroid
    founder          boolean not null,   -- the cluster was made of it; otherwise it was assigned
    since            date not null,
    text_hash        text not null,      -- of the text that was placed
    primary key (scope, paper_id)
);

create table cluster_overlap (           -- papers that a version and the one before share, for each pair of clusters
    scope            text not null,
    version          integer not null,   -- the newer one
    old              integer,            -- number in the version before; null: its pool
    new              integer,            -- number in the newer one; null: its pool
    papers           integer not null    -- at least 1
);

create table cluster_event (             -- what became of clusters
    scope            text not null,
    version          integer not null,   -- in which it came to pass
    happened_on      date not null,
    event            text not null,      -- continues, splits, merges, born, dies
    old              integer[] not null, -- numbers in the version before
    new              integer[] not null, -- numbers in this one
    papers           integer[] not null  -- that they share: of each pair, in the order of the longer list
);

insert into cluster_set
select
    direction, 1, any_value(model), 'v1', null, coalesce((select max(finished_at)::date from run), current_date),
    sum(papers), '', 'taken over', ''
from cluster_before
group by direction;

insert into cluster by name
select
    cluster_before.direction as scope, 1 as version, cluster_before.number, cluster_before.label, cluster_before.terms,
    cluster_before.papers as founders, cluster_set.made_on as born_on, cluster_before.name, cluster_before.name_zh,
    cluster_before.named_by
from cluster_before
join cluster_set on cluster_set.scope = cluster_before.direction;

insert into cluster_member
select
    cluster_member_before.direction, cluster_member_before.paper_id, cluster_member_before.number,
    cluster_member_before.similarity, true, cluster_set.made_on, paper.text_hash
from cluster_member_before
join cluster_set on cluster_set.scope = cluster_member_before.direction
join paper on paper.id = cluster_member_before.paper_id;

drop table cluster_member_before;
drop table cluster_before;
