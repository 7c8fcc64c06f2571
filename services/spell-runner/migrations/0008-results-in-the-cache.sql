-- Results of nodes that are marked for re-use are kept by the cache now: what was here is made once more.
drop table results;
