-- What is published: trends and verdicts, the catalogue as it was, and the runs that made them.

create table trend_point (
    direction        text not null,
    month            date not null,
    papers           double not null,    -- expected members: the sum of their probabilities
    members          integer not null,   -- papers that the rule calls members
    exposure         bigint not null,
    status           text not null,      -- as model.MonthStatus
    reason           text not null,
    primary key (direction, month)
);

create table verdict (
    direction        text primary key,
    as_of            date not null,
    stage            text not null,      -- as model.Stage
    growth           double,             -- log units a year
    growth_low       double,             -- 80% interval
    growth_high      double,
    p_up             double,
    p_down           double,
    p_flat           double,             -- growth within 10% a year of none
    growth_raw       double,             -- before shrinkage
    growth_raw_se    double,
    months           integer,            -- comparable months that entered
    papers_12m       double,
    share_12m        double,
    exposure_12m     bigint,
    peak_ratio       double,
    peak_month       date,
    saturation       double,
    first_month      date,
    last_month       date,
    reasons          json not null,
    rule             text not null,
    membership_rule  text not null
);

create table theme (
    slug             text primary key,
    name             text not null,
    name_zh          text not null
);

create table direction (
    slug             text primary key,
    theme            text not null,
    name             text not null,
    name_zh          text not null,
    scope            text not null,
    category_set     text not null,      -- of its query
    field            text not null,      -- the categories that its share is measured in: all of them, or one
    query            text not null       -- fingerprint
);

create table claim (
    subject          text not null,      -- slug of a direction or a theme
    number           integer not null,
    document         text not null,
    author           text not null,
    date             text not null,
    first_month      text not null,
    last_month       text not null,
    stance           text not null,
    paraphrase       text not null,
    locator          text not null,
    inferred         boolean not null,
    repost_of        text,
    primary key (subject, number)
);

create table run (
    id               text primary key,
    started_at       timestamp not null,
    finished_at      timestamp,
    state            text not null,      -- running, complete, failed or interrupted
    as_of            date,               -- null until the trends were weighed
    settings         json not null,
    stages           json not null       -- per stage: seconds, counts, peak memory in MiB
);

create table failure (                   -- what did not work in the last run, and did not stop it
    run_id           text not null,
    stage            text not null,
    subject          text not null,
    reason           text not null
);
