-- What is expected of each direction, and the ledger of all that ever was, with what became of it.

create table outlook (                   -- the present ones: replaced by each run
    direction        text not null,
    as_of            date not null,
    horizon          integer not null,   -- months
    p_rise           double,             -- P(12-month share at base_month + horizon > 1.2 x that at base_month)
    p_up             double,             -- P(> 1 x)
    p_fall           double,             -- P(< 0.8 x)
    growth_low       double,             -- 80% interval of the log of the ratio of the two shares
    growth_high      double,
    added            double,             -- expected papers beyond those of the base, at today's exposure
    model            text not null,      -- name, and digest of what it was fitted on
    base_month       date,               -- the last month that was known
    like_cases       json,               -- past forecasts of about the same probability: count, rose, predicted
    parts            json not null,      -- what each feature adds: [{feature, value, logit}]
    abstained        text not null,      -- why no probability is given; empty where one is
    primary key (direction, horizon)
);

create table forecast (                  -- the ledger: rows are added, never changed, never deleted
    direction        text not null,
    as_of            date not null,
    horizon          integer not null,
    model            text not null,
    revision         integer not null,   -- 0: the forecast on record; 1, 2, ... the same day and model, other counts
    made_at          timestamp not null,
    run_id           text not null,
    hindsight        boolean not null,   -- made more than 31 days after as_of
    base_month       date,
    base_papers      double,             -- in the 12 months up to base_month, as counted then
    base_exposure    bigint,
    stage            text not null,      -- the verdict of the day; empty where there was none
    p_rise           double,
    p_up             double,
    p_fall           double,
    growth_low       double,
    growth_high      double,
    added            double,
    abstained        text not null,
    rule             text not null,      -- membership rule and tier of the vectors
    query            text not null,      -- lexical rule and fingerprint of the query
    field            text not null,      -- the categories that the share is a part of
    primary key (direction, as_of, horizon, model, revision)
);

create table forecast_outcome (          -- what became of each, by the counts of the last run: replaced by each run
    direction        text not null,
    as_of            date not null,
    horizon          integer not null,
    model            text not null,
    revision         integer not null,
    state            text not null,      -- scored, not due yet, not measurable, abstained
    why              text not null,      -- why it is not measurable; else empty
    counted          boolean not null,   -- the first of its direction, horizon and base month
    base_months      integer,            -- usable ones of the 12 months up to base_month, today
    base_share       double,             -- by today's counts
    later_months     integer,
    later_share      double,             -- of the 12 months up to base_month + horizon
    rose             boolean,            -- by more than 20%
    up               boolean,
    fell             boolean,            -- by more than 20%
    changed          text[] not null,    -- measured otherwise than then: rule, query, field
    primary key (direction, as_of, horizon, model, revision)
);
