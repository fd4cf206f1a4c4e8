-- What the titles of accepted conference papers say, and how firmly a stage stands.

create table venue_title (               -- accepted papers whose title alone matches a direction's query
    direction        text not null,
    venue            text not null,
    year             integer not null,
    papers           integer not null,   -- at least 1: a venue's year without a row here has none
    primary key (direction, venue, year)
);

create table venue_opinion (             -- one row per direction; as venues.VenueOpinion
    direction        text primary key,
    as_of            date not null,
    last_year        integer,            -- null: no whole year was out
    sign             text not null,      -- up, flat, down, unsure: of the change over two years
    reason           text not null,      -- why there is no change to tell, or empty
    papers           integer not null,   -- in the two years compared
    rule             text not null
);

create table venue_change (              -- a direction's share of accepted papers in one year against a later one
    direction        text not null,
    first_year       integer not null,
    last_year        integer not null,
    venues           integer not null,   -- that both years have
    papers_before    integer not null,
    total_before     integer not null,
    papers           integer not null,
    total            integer not null,
    change           double not null,    -- log of the ratio of the shares
    low              double not null,    -- 80% interval
    high             double not null,
    p_up             double not null,
    p_flat           double not null,    -- changed by less than 10% a year
    primary key (direction, first_year)
);

create table venue_year (                -- over the venues that every year of the direction's series has
    direction        text not null,
    year             integer not null,
    papers           integer not null,
    total            integer not null,
    primary key (direction, year)
);

alter table verdict add column flips double;
-- flips: part of the perturbations of thresholds and data that give another stage; null: none were tried
alter table verdict add column flips_to text;
-- flips_to: the stage that they give most often; null: none gives another
