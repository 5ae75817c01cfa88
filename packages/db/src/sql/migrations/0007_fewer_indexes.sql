-- Control rows are read whole, at the start, and change pointers by their order: nothing looked anything up by these, and each cost every write an entry.
DROP INDEX node_org;
DROP INDEX allocation_workload;
DROP INDEX allocation_node;
DROP INDEX change_revision;
