-- Where a runner is reached, how much it has to do, and how much it is meant for: edges choose by that.
alter table runners add column address text not null default '', add column load integer not null default 0, add column capacity integer not null default 1;
