-- Foreign keys that are told and not enforced (PostgreSQL 18).

ALTER TABLE snipeit.activity
    ADD CONSTRAINT activity_created_by_fkey FOREIGN KEY (created_by) REFERENCES snipeit.users (id) NOT ENFORCED;
ALTER TABLE snipeit.licenses
    ADD CONSTRAINT licenses_category_id_fkey FOREIGN KEY (category_id) REFERENCES snipeit.categories (id) NOT ENFORCED,
    ADD CONSTRAINT licenses_company_id_fkey FOREIGN KEY (company_id) REFERENCES snipeit.companies (id) NOT ENFORCED,
    ADD CONSTRAINT licenses_manufacturer_id_fkey FOREIGN KEY (manufacturer_id) REFERENCES snipeit.manufacturers (id) NOT ENFORCED,
    ADD CONSTRAINT licenses_supplier_id_fkey FOREIGN KEY (supplier_id) REFERENCES snipeit.suppliers (id) NOT ENFORCED,
    ADD CONSTRAINT licenses_created_by_fkey FOREIGN KEY (created_by) REFERENCES snipeit.users (id) NOT ENFORCED;
ALTER TABLE snipeit.license_seats
    ADD CONSTRAINT license_seats_license_id_fkey FOREIGN KEY (license_id) REFERENCES snipeit.licenses (id) NOT ENFORCED,
    ADD CONSTRAINT license_seats_assigned_user_id_fkey FOREIGN KEY (assigned_user_id) REFERENCES snipeit.users (id) NOT ENFORCED,
    ADD CONSTRAINT license_seats_assigned_asset_id_fkey FOREIGN KEY (assigned_asset_id) REFERENCES snipeit.hardware (id) NOT ENFORCED;
ALTER TABLE snipeit.accessories
    ADD CONSTRAINT accessories_category_id_fkey FOREIGN KEY (category_id) REFERENCES snipeit.categories (id) NOT ENFORCED,
    ADD CONSTRAINT accessories_company_id_fkey FOREIGN KEY (company_id) REFERENCES snipeit.companies (id) NOT ENFORCED,
    ADD CONSTRAINT accessories_manufacturer_id_fkey FOREIGN KEY (manufacturer_id) REFERENCES snipeit.manufacturers (id) NOT ENFORCED,
    ADD CONSTRAINT accessories_supplier_id_fkey FOREIGN KEY (supplier_id) REFERENCES snipeit.suppliers (id) NOT ENFORCED,
    ADD CONSTRAINT accessories_location_id_fkey FOREIGN KEY (location_id) REFERENCES snipeit.locations (id) NOT ENFORCED,
    ADD CONSTRAINT accessories_created_by_fkey FOREIGN KEY (created_by) REFERENCES snipeit.users (id) NOT ENFORCED;
ALTER TABLE snipeit.components
    ADD CONSTRAINT components_category_id_fkey FOREIGN KEY (category_id) REFERENCES snipeit.categories (id) NOT ENFORCED,
    ADD CONSTRAINT components_company_id_fkey FOREIGN KEY (company_id) REFERENCES snipeit.companies (id) NOT ENFORCED,
    ADD CONSTRAINT components_manufacturer_id_fkey FOREIGN KEY (manufacturer_id) REFERENCES snipeit.manufacturers (id) NOT ENFORCED,
    ADD CONSTRAINT components_supplier_id_fkey FOREIGN KEY (supplier_id) REFERENCES snipeit.suppliers (id) NOT ENFORCED,
    ADD CONSTRAINT components_location_id_fkey FOREIGN KEY (location_id) REFERENCES snipeit.locations (id) NOT ENFORCED,
    ADD CONSTRAINT components_created_by_fkey FOREIGN KEY (created_by) REFERENCES snipeit.users (id) NOT ENFORCED;
ALTER TABLE snipeit.consumables
    ADD CONSTRAINT consumables_category_id_fkey FOREIGN KEY (category_id) REFERENCES snipeit.categories (id) NOT ENFORCED,
    ADD CONSTRAINT consumables_company_id_fkey FOREIGN KEY (company_id) REFERENCES snipeit.companies (id) NOT ENFORCED,
    ADD CONSTRAINT consumables_manufacturer_id_fkey FOREIGN KEY (manufacturer_id) REFERENCES snipeit.manufacturers (id) NOT ENFORCED,
    ADD CONSTRAINT consumables_supplier_id_fkey FOREIGN KEY (supplier_id) REFERENCES snipeit.suppliers (id) NOT ENFORCED,
    ADD CONSTRAINT consumables_location_id_fkey FOREIGN KEY (location_id) REFERENCES snipeit.locations (id) NOT ENFORCED,
    ADD CONSTRAINT consumables_created_by_fkey FOREIGN KEY (created_by) REFERENCES snipeit.users (id) NOT ENFORCED;
ALTER TABLE snipeit.maintenances
    ADD CONSTRAINT maintenances_asset_id_fkey FOREIGN KEY (asset_id) REFERENCES snipeit.hardware (id) NOT ENFORCED,
    ADD CONSTRAINT maintenances_supplier_id_fkey FOREIGN KEY (supplier_id) REFERENCES snipeit.suppliers (id) NOT ENFORCED,
    ADD CONSTRAINT maintenances_created_by_fkey FOREIGN KEY (created_by) REFERENCES snipeit.users (id) NOT ENFORCED;
ALTER TABLE snipeit.hardware
    ADD CONSTRAINT hardware_model_id_fkey FOREIGN KEY (model_id) REFERENCES snipeit.models (id) NOT ENFORCED,
    ADD CONSTRAINT hardware_status_id_fkey FOREIGN KEY (status_id) REFERENCES snipeit.status_labels (id) NOT ENFORCED,
    ADD CONSTRAINT hardware_company_id_fkey FOREIGN KEY (company_id) REFERENCES snipeit.companies (id) NOT ENFORCED,
    ADD CONSTRAINT hardware_location_id_fkey FOREIGN KEY (location_id) REFERENCES snipeit.locations (id) NOT ENFORCED,
    ADD CONSTRAINT hardware_rtd_location_id_fkey FOREIGN KEY (rtd_location_id) REFERENCES snipeit.locations (id) NOT ENFORCED,
    ADD CONSTRAINT hardware_supplier_id_fkey FOREIGN KEY (supplier_id) REFERENCES snipeit.suppliers (id) NOT ENFORCED,
    ADD CONSTRAINT hardware_created_by_fkey FOREIGN KEY (created_by) REFERENCES snipeit.users (id) NOT ENFORCED;
ALTER TABLE snipeit.users
    ADD CONSTRAINT users_manager_id_fkey FOREIGN KEY (manager_id) REFERENCES snipeit.users (id) NOT ENFORCED,
    ADD CONSTRAINT users_department_id_fkey FOREIGN KEY (department_id) REFERENCES snipeit.departments (id) NOT ENFORCED,
    ADD CONSTRAINT users_location_id_fkey FOREIGN KEY (location_id) REFERENCES snipeit.locations (id) NOT ENFORCED,
    ADD CONSTRAINT users_company_id_fkey FOREIGN KEY (company_id) REFERENCES snipeit.companies (id) NOT ENFORCED,
    ADD CONSTRAINT users_created_by_fkey FOREIGN KEY (created_by) REFERENCES snipeit.users (id) NOT ENFORCED;
ALTER TABLE snipeit.models
    ADD CONSTRAINT models_category_id_fkey FOREIGN KEY (category_id) REFERENCES snipeit.categories (id) NOT ENFORCED,
    ADD CONSTRAINT models_manufacturer_id_fkey FOREIGN KEY (manufacturer_id) REFERENCES snipeit.manufacturers (id) NOT ENFORCED,
    ADD CONSTRAINT models_fieldset_id_fkey FOREIGN KEY (fieldset_id) REFERENCES snipeit.fieldsets (id) NOT ENFORCED,
    ADD CONSTRAINT models_created_by_fkey FOREIGN KEY (created_by) REFERENCES snipeit.users (id) NOT ENFORCED;
ALTER TABLE snipeit.departments
    ADD CONSTRAINT departments_company_id_fkey FOREIGN KEY (company_id) REFERENCES snipeit.companies (id) NOT ENFORCED,
    ADD CONSTRAINT departments_manager_id_fkey FOREIGN KEY (manager_id) REFERENCES snipeit.users (id) NOT ENFORCED,
    ADD CONSTRAINT departments_location_id_fkey FOREIGN KEY (location_id) REFERENCES snipeit.locations (id) NOT ENFORCED;
ALTER TABLE snipeit.locations
    ADD CONSTRAINT locations_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES snipeit.locations (id) NOT ENFORCED,
    ADD CONSTRAINT locations_company_id_fkey FOREIGN KEY (company_id) REFERENCES snipeit.companies (id) NOT ENFORCED,
    ADD CONSTRAINT locations_manager_id_fkey FOREIGN KEY (manager_id) REFERENCES snipeit.users (id) NOT ENFORCED;
ALTER TABLE snipeit.manufacturers
    ADD CONSTRAINT manufacturers_created_by_fkey FOREIGN KEY (created_by) REFERENCES snipeit.users (id) NOT ENFORCED;
