-- Foreign keys that are told and not enforced (PostgreSQL 18).

ALTER TABLE snipeit.categories
    ADD CONSTRAINT categories_created_by_fkey FOREIGN KEY (created_by) REFERENCES snipeit.users (id) NOT ENFORCED;
ALTER TABLE snipeit.companies
    ADD CONSTRAINT companies_created_by_fkey FOREIGN KEY (created_by) REFERENCES snipeit.users (id) NOT ENFORCED;
ALTER TABLE snipeit.status_labels
    ADD CONSTRAINT status_labels_created_by_fkey FOREIGN KEY (created_by) REFERENCES snipeit.users (id) NOT ENFORCED;
