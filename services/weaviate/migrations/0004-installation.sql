-- Part of the names of tenants: several databases may share one Weaviate, and ids begin anew with each.
alter table outbox_sender add column installation text not null default left(replace(gen_random_uuid()::text, '-', ''), 10);
