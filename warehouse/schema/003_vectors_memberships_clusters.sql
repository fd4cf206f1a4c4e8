-- What is derived from papers, each row stamped with what it was derived with.

create table vector (                    -- float32 unit rows, one blob each
    paper_id         text not null,
    model            text not null,      -- name and revision of the model
    text_hash        text not null,      -- of the text that was embedded
    dim              integer not null,
    value            blob not null,
    primary key (paper_id, model)
);

create table hit (                       -- lexical membership: the query of the direction matches the paper
    paper_id         text not null,
    direction        text not null,
    in_title         boolean not null,
    title_groups     integer not null,
    phrases          integer not null,
    primary key (paper_id, direction)
);

create table membership (                -- the semantic rule's answer for every hit
    paper_id         text not null,
    direction        text not null,
    similarity       float not null,     -- cosine to the direction's prototype
    probability      float not null,     -- that the direction is the paper's main topic
    member           boolean not null,
    rule             text not null,      -- version of the rule and tier of the vectors: v1/fast
    primary key (paper_id, direction)
);

create table cluster (                   -- sub-topics of a direction
    direction        text not null,
    number           integer not null,   -- 1 for the largest
    label            text not null,
    terms            text[] not null,
    papers           integer not null,
    model            text not null,
    primary key (direction, number)
);

create table cluster_member (
    direction        text not null,
    paper_id         text not null,
    number           integer not null,
    similarity       float not null,     -- cosine to the cluster's centre
    place            integer not null,   -- 1 for the nearest to the centre
    primary key (direction, paper_id)
);

create table derived (                   -- the stamp of what a stage was last computed from: equal stamp, nothing to do
    stage            text not null,
    subject          text not null,      -- a direction, or empty for the whole
    stamp            text not null,
    primary key (stage, subject)
);
