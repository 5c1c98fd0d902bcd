-- What a real Snipe-IT 8.1.4 taught: who created a category, a company, a status label; what comparisons mend; the time zone.

ALTER TABLE snipeit.categories ADD COLUMN created_by BIGINT;
ALTER TABLE snipeit.companies ADD COLUMN created_by BIGINT;
ALTER TABLE snipeit.status_labels ADD COLUMN created_by BIGINT;
COMMENT ON COLUMN snipeit.categories.created_by IS 'the id in snipeit.users';
COMMENT ON COLUMN snipeit.companies.created_by IS 'the id in snipeit.users';
COMMENT ON COLUMN snipeit.status_labels.created_by IS 'the id in snipeit.users';

ALTER TABLE snipeit.sync_runs ADD COLUMN mended BIGINT DEFAULT 0 NOT NULL;
COMMENT ON COLUMN snipeit.sync_runs.mended IS 'rows that only the comparison found to be old';

-- Words, notes, dates and postcodes were read in another way until now: the next load reads all tables whole.
DELETE FROM snipeit.sync_state;
ALTER TABLE snipeit.sync_state ADD COLUMN timezone TEXT NOT NULL;
COMMENT ON COLUMN snipeit.sync_state.timezone IS 'the server''s time zone that its moments were read in';
