-- Who is nearest to whom among a model's vectors: the graph lies in a file, the table says which.

create table neighbour_graph (           -- one row per model whose graph was asked for
    model            text primary key,   -- name and revision of the model
    file             text not null,      -- name in the folder neighbours/ of the warehouse
    k                integer not null,   -- neighbours of each row
    rows             bigint not null,    -- vectors in the graph
    method           text not null,      -- exact, or ivf with its measured recall
    made_with        text not null       -- version of the way, and its settings
);
