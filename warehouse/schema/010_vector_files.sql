-- Vectors lie in files beside the warehouse; the tables say which row of which file is whose.

alter table vector rename to vector_blob;  -- emptied into the files when the warehouse is opened next

create table vector_file (               -- one file of unit rows for each model
    model            text primary key,   -- name and revision of the model
    file             text not null,      -- name in the folder vectors/ of the warehouse
    dim              integer not null,
    dtype            text not null,      -- float32 or float16
    rows             bigint not null     -- written and committed: what lies behind is a killed writer's
);

create table vector (                    -- the newest vector of a paper by a model
    paper_id         text not null,
    model            text not null,
    text_hash        text not null,      -- of the text that was embedded
    place            bigint not null,    -- row of the model's file, 0 for the first
    primary key (paper_id, model)
);
