-- The tables of the mirror. Made from the declarations once; what comes later is a migration of its own.

CREATE TABLE snipeit.activity (
    id BIGINT NOT NULL,
    action_type TEXT,
    item_type TEXT,
    item_id BIGINT,
    target_type TEXT,
    target_id BIGINT,
    note TEXT,
    log_meta JSONB,
    action_date TIMESTAMP WITH TIME ZONE,
    action_source TEXT,
    created_by BIGINT,
    created_at TIMESTAMP WITH TIME ZONE,
    updated_at TIMESTAMP WITH TIME ZONE,
    extra JSONB,
    deleted_at TIMESTAMP WITH TIME ZONE,
    purged_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT activity_pkey PRIMARY KEY (id)
);
CREATE INDEX activity_item_id_idx ON snipeit.activity (item_id);
COMMENT ON COLUMN snipeit.activity.created_by IS 'the id in snipeit.users';
COMMENT ON COLUMN snipeit.activity.extra IS 'what Snipe-IT tells under keys that are not known here';
COMMENT ON COLUMN snipeit.activity.deleted_at IS 'when the row was first missed';
COMMENT ON COLUMN snipeit.activity.purged_at IS 'when the row was first known to be gone for good';

CREATE TABLE snipeit.licenses (
    id BIGINT NOT NULL,
    name TEXT,
    seats INTEGER,
    category_id BIGINT,
    company_id BIGINT,
    manufacturer_id BIGINT,
    supplier_id BIGINT,
    product_key TEXT,
    order_number TEXT,
    purchase_order TEXT,
    purchase_date DATE,
    termination_date DATE,
    expiration_date DATE,
    purchase_cost NUMERIC(20, 2),
    min_amt INTEGER,
    license_name TEXT,
    license_email TEXT,
    reassignable BOOLEAN,
    maintained BOOLEAN,
    notes TEXT,
    created_by BIGINT,
    created_at TIMESTAMP WITH TIME ZONE,
    updated_at TIMESTAMP WITH TIME ZONE,
    deleted_at TIMESTAMP WITH TIME ZONE,
    extra JSONB,
    purged_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT licenses_pkey PRIMARY KEY (id)
);
COMMENT ON COLUMN snipeit.licenses.category_id IS 'the id in snipeit.categories';
COMMENT ON COLUMN snipeit.licenses.company_id IS 'the id in snipeit.companies';
COMMENT ON COLUMN snipeit.licenses.manufacturer_id IS 'the id in snipeit.manufacturers';
COMMENT ON COLUMN snipeit.licenses.supplier_id IS 'the id in snipeit.suppliers';
COMMENT ON COLUMN snipeit.licenses.created_by IS 'the id in snipeit.users';
COMMENT ON COLUMN snipeit.licenses.extra IS 'what Snipe-IT tells under keys that are not known here';
COMMENT ON COLUMN snipeit.licenses.purged_at IS 'when the row was first known to be gone for good';

CREATE TABLE snipeit.license_seats (
    id BIGINT NOT NULL,
    license_id BIGINT,
    assigned_user_id BIGINT,
    assigned_asset_id BIGINT,
    notes TEXT,
    updated_at TIMESTAMP WITH TIME ZONE,
    extra JSONB,
    deleted_at TIMESTAMP WITH TIME ZONE,
    purged_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT license_seats_pkey PRIMARY KEY (id)
);
CREATE INDEX license_seats_license_id_idx ON snipeit.license_seats (license_id);
COMMENT ON COLUMN snipeit.license_seats.license_id IS 'the id in snipeit.licenses';
COMMENT ON COLUMN snipeit.license_seats.assigned_user_id IS 'the id in snipeit.users';
COMMENT ON COLUMN snipeit.license_seats.assigned_asset_id IS 'the id in snipeit.hardware';
COMMENT ON COLUMN snipeit.license_seats.extra IS 'what Snipe-IT tells under keys that are not known here';
COMMENT ON COLUMN snipeit.license_seats.deleted_at IS 'when the row was first missed';
COMMENT ON COLUMN snipeit.license_seats.purged_at IS 'when the row was first known to be gone for good';

CREATE TABLE snipeit.accessories (
    id BIGINT NOT NULL,
    name TEXT,
    category_id BIGINT,
    qty INTEGER,
    remaining INTEGER,
    min_amt INTEGER,
    company_id BIGINT,
    manufacturer_id BIGINT,
    supplier_id BIGINT,
    location_id BIGINT,
    model_number TEXT,
    order_number TEXT,
    purchase_date DATE,
    purchase_cost NUMERIC(20, 2),
    notes TEXT,
    created_by BIGINT,
    created_at TIMESTAMP WITH TIME ZONE,
    updated_at TIMESTAMP WITH TIME ZONE,
    extra JSONB,
    deleted_at TIMESTAMP WITH TIME ZONE,
    purged_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT accessories_pkey PRIMARY KEY (id)
);
COMMENT ON COLUMN snipeit.accessories.category_id IS 'the id in snipeit.categories';
COMMENT ON COLUMN snipeit.accessories.company_id IS 'the id in snipeit.companies';
COMMENT ON COLUMN snipeit.accessories.manufacturer_id IS 'the id in snipeit.manufacturers';
COMMENT ON COLUMN snipeit.accessories.supplier_id IS 'the id in snipeit.suppliers';
COMMENT ON COLUMN snipeit.accessories.location_id IS 'the id in snipeit.locations';
COMMENT ON COLUMN snipeit.accessories.created_by IS 'the id in snipeit.users';
COMMENT ON COLUMN snipeit.accessories.extra IS 'what Snipe-IT tells under keys that are not known here';
COMMENT ON COLUMN snipeit.accessories.deleted_at IS 'when the row was first missed';
COMMENT ON COLUMN snipeit.accessories.purged_at IS 'when the row was first known to be gone for good';

CREATE TABLE snipeit.components (
    id BIGINT NOT NULL,
    name TEXT,
    category_id BIGINT,
    qty INTEGER,
    remaining INTEGER,
    min_amt INTEGER,
    company_id BIGINT,
    manufacturer_id BIGINT,
    supplier_id BIGINT,
    location_id BIGINT,
    model_number TEXT,
    order_number TEXT,
    purchase_date DATE,
    purchase_cost NUMERIC(20, 2),
    notes TEXT,
    created_by BIGINT,
    created_at TIMESTAMP WITH TIME ZONE,
    updated_at TIMESTAMP WITH TIME ZONE,
    serial TEXT,
    extra JSONB,
    deleted_at TIMESTAMP WITH TIME ZONE,
    purged_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT components_pkey PRIMARY KEY (id)
);
COMMENT ON COLUMN snipeit.components.category_id IS 'the id in snipeit.categories';
COMMENT ON COLUMN snipeit.components.company_id IS 'the id in snipeit.companies';
COMMENT ON COLUMN snipeit.components.manufacturer_id IS 'the id in snipeit.manufacturers';
COMMENT ON COLUMN snipeit.components.supplier_id IS 'the id in snipeit.suppliers';
COMMENT ON COLUMN snipeit.components.location_id IS 'the id in snipeit.locations';
COMMENT ON COLUMN snipeit.components.created_by IS 'the id in snipeit.users';
COMMENT ON COLUMN snipeit.components.extra IS 'what Snipe-IT tells under keys that are not known here';
COMMENT ON COLUMN snipeit.components.deleted_at IS 'when the row was first missed';
COMMENT ON COLUMN snipeit.components.purged_at IS 'when the row was first known to be gone for good';

CREATE TABLE snipeit.consumables (
    id BIGINT NOT NULL,
    name TEXT,
    category_id BIGINT,
    qty INTEGER,
    remaining INTEGER,
    min_amt INTEGER,
    company_id BIGINT,
    manufacturer_id BIGINT,
    supplier_id BIGINT,
    location_id BIGINT,
    model_number TEXT,
    order_number TEXT,
    purchase_date DATE,
    purchase_cost NUMERIC(20, 2),
    notes TEXT,
    created_by BIGINT,
    created_at TIMESTAMP WITH TIME ZONE,
    updated_at TIMESTAMP WITH TIME ZONE,
    item_no TEXT,
    extra JSONB,
    deleted_at TIMESTAMP WITH TIME ZONE,
    purged_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT consumables_pkey PRIMARY KEY (id)
);
COMMENT ON COLUMN snipeit.consumables.category_id IS 'the id in snipeit.categories';
COMMENT ON COLUMN snipeit.consumables.company_id IS 'the id in snipeit.companies';
COMMENT ON COLUMN snipeit.consumables.manufacturer_id IS 'the id in snipeit.manufacturers';
COMMENT ON COLUMN snipeit.consumables.supplier_id IS 'the id in snipeit.suppliers';
COMMENT ON COLUMN snipeit.consumables.location_id IS 'the id in snipeit.locations';
COMMENT ON COLUMN snipeit.consumables.created_by IS 'the id in snipeit.users';
COMMENT ON COLUMN snipeit.consumables.extra IS 'what Snipe-IT tells under keys that are not known here';
COMMENT ON COLUMN snipeit.consumables.deleted_at IS 'when the row was first missed';
COMMENT ON COLUMN snipeit.consumables.purged_at IS 'when the row was first known to be gone for good';

CREATE TABLE snipeit.maintenances (
    id BIGINT NOT NULL,
    asset_id BIGINT,
    title TEXT,
    asset_maintenance_type TEXT,
    start_date DATE,
    completion_date DATE,
    asset_maintenance_time INTEGER,
    supplier_id BIGINT,
    cost NUMERIC(20, 2),
    is_warranty BOOLEAN,
    notes TEXT,
    created_by BIGINT,
    created_at TIMESTAMP WITH TIME ZONE,
    updated_at TIMESTAMP WITH TIME ZONE,
    extra JSONB,
    deleted_at TIMESTAMP WITH TIME ZONE,
    purged_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT maintenances_pkey PRIMARY KEY (id)
);
CREATE INDEX maintenances_asset_id_idx ON snipeit.maintenances (asset_id);
COMMENT ON COLUMN snipeit.maintenances.asset_id IS 'the id in snipeit.hardware';
COMMENT ON COLUMN snipeit.maintenances.supplier_id IS 'the id in snipeit.suppliers';
COMMENT ON COLUMN snipeit.maintenances.created_by IS 'the id in snipeit.users';
COMMENT ON COLUMN snipeit.maintenances.extra IS 'what Snipe-IT tells under keys that are not known here';
COMMENT ON COLUMN snipeit.maintenances.deleted_at IS 'when the row was first missed';
COMMENT ON COLUMN snipeit.maintenances.purged_at IS 'when the row was first known to be gone for good';

CREATE TABLE snipeit.hardware (
    id BIGINT NOT NULL,
    name TEXT,
    asset_tag TEXT,
    serial TEXT,
    model_id BIGINT,
    status_id BIGINT,
    company_id BIGINT,
    location_id BIGINT,
    rtd_location_id BIGINT,
    supplier_id BIGINT,
    assigned_to BIGINT,
    assigned_type TEXT,
    byod BOOLEAN,
    requestable BOOLEAN,
    order_number TEXT,
    purchase_date DATE,
    purchase_cost NUMERIC(20, 2),
    warranty_months INTEGER,
    warranty_expires DATE,
    asset_eol_date DATE,
    last_audit_date TIMESTAMP WITH TIME ZONE,
    next_audit_date DATE,
    last_checkout TIMESTAMP WITH TIME ZONE,
    last_checkin TIMESTAMP WITH TIME ZONE,
    expected_checkin DATE,
    checkin_counter INTEGER,
    checkout_counter INTEGER,
    requests_counter INTEGER,
    notes TEXT,
    custom_fields JSONB,
    created_by BIGINT,
    created_at TIMESTAMP WITH TIME ZONE,
    updated_at TIMESTAMP WITH TIME ZONE,
    deleted_at TIMESTAMP WITH TIME ZONE,
    extra JSONB,
    purged_at TIMESTAMP WITH TIME ZONE,
    valid_from TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT hardware_pkey PRIMARY KEY (id)
);
CREATE INDEX hardware_asset_tag_idx ON snipeit.hardware (asset_tag);
CREATE INDEX hardware_assigned_to_idx ON snipeit.hardware (assigned_to);
CREATE INDEX hardware_company_id_idx ON snipeit.hardware (company_id);
CREATE INDEX hardware_location_id_idx ON snipeit.hardware (location_id);
CREATE INDEX hardware_model_id_idx ON snipeit.hardware (model_id);
CREATE INDEX hardware_serial_idx ON snipeit.hardware (serial);
CREATE INDEX hardware_status_id_idx ON snipeit.hardware (status_id);
COMMENT ON COLUMN snipeit.hardware.model_id IS 'the id in snipeit.models';
COMMENT ON COLUMN snipeit.hardware.status_id IS 'the id in snipeit.status_labels';
COMMENT ON COLUMN snipeit.hardware.company_id IS 'the id in snipeit.companies';
COMMENT ON COLUMN snipeit.hardware.location_id IS 'the id in snipeit.locations';
COMMENT ON COLUMN snipeit.hardware.rtd_location_id IS 'the id in snipeit.locations';
COMMENT ON COLUMN snipeit.hardware.supplier_id IS 'the id in snipeit.suppliers';
COMMENT ON COLUMN snipeit.hardware.created_by IS 'the id in snipeit.users';
COMMENT ON COLUMN snipeit.hardware.extra IS 'what Snipe-IT tells under keys that are not known here';
COMMENT ON COLUMN snipeit.hardware.purged_at IS 'when the row was first known to be gone for good';
COMMENT ON COLUMN snipeit.hardware.valid_from IS 'since which load the row is as it is';

CREATE TABLE snipeit.users (
    id BIGINT NOT NULL,
    username TEXT,
    first_name TEXT,
    last_name TEXT,
    email TEXT,
    employee_num TEXT,
    jobtitle TEXT,
    phone TEXT,
    website TEXT,
    address TEXT,
    city TEXT,
    state TEXT,
    country TEXT,
    zip TEXT,
    locale TEXT,
    notes TEXT,
    remote BOOLEAN,
    vip BOOLEAN,
    activated BOOLEAN,
    autoassign_licenses BOOLEAN,
    ldap_import BOOLEAN,
    manager_id BIGINT,
    department_id BIGINT,
    location_id BIGINT,
    company_id BIGINT,
    start_date DATE,
    end_date DATE,
    last_login TIMESTAMP WITH TIME ZONE,
    created_by BIGINT,
    created_at TIMESTAMP WITH TIME ZONE,
    updated_at TIMESTAMP WITH TIME ZONE,
    deleted_at TIMESTAMP WITH TIME ZONE,
    extra JSONB,
    purged_at TIMESTAMP WITH TIME ZONE,
    valid_from TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT users_pkey PRIMARY KEY (id)
);
CREATE INDEX users_department_id_idx ON snipeit.users (department_id);
CREATE INDEX users_username_idx ON snipeit.users (username);
COMMENT ON COLUMN snipeit.users.manager_id IS 'the id in snipeit.users';
COMMENT ON COLUMN snipeit.users.department_id IS 'the id in snipeit.departments';
COMMENT ON COLUMN snipeit.users.location_id IS 'the id in snipeit.locations';
COMMENT ON COLUMN snipeit.users.company_id IS 'the id in snipeit.companies';
COMMENT ON COLUMN snipeit.users.created_by IS 'the id in snipeit.users';
COMMENT ON COLUMN snipeit.users.extra IS 'what Snipe-IT tells under keys that are not known here';
COMMENT ON COLUMN snipeit.users.purged_at IS 'when the row was first known to be gone for good';
COMMENT ON COLUMN snipeit.users.valid_from IS 'since which load the row is as it is';

CREATE TABLE snipeit.models (
    id BIGINT NOT NULL,
    name TEXT,
    category_id BIGINT,
    manufacturer_id BIGINT,
    fieldset_id BIGINT,
    model_number TEXT,
    min_amt INTEGER,
    eol INTEGER,
    requestable BOOLEAN,
    notes TEXT,
    created_by BIGINT,
    created_at TIMESTAMP WITH TIME ZONE,
    updated_at TIMESTAMP WITH TIME ZONE,
    deleted_at TIMESTAMP WITH TIME ZONE,
    extra JSONB,
    purged_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT models_pkey PRIMARY KEY (id)
);
COMMENT ON COLUMN snipeit.models.category_id IS 'the id in snipeit.categories';
COMMENT ON COLUMN snipeit.models.manufacturer_id IS 'the id in snipeit.manufacturers';
COMMENT ON COLUMN snipeit.models.fieldset_id IS 'the id in snipeit.fieldsets';
COMMENT ON COLUMN snipeit.models.created_by IS 'the id in snipeit.users';
COMMENT ON COLUMN snipeit.models.extra IS 'what Snipe-IT tells under keys that are not known here';
COMMENT ON COLUMN snipeit.models.purged_at IS 'when the row was first known to be gone for good';

CREATE TABLE snipeit.departments (
    id BIGINT NOT NULL,
    name TEXT,
    phone TEXT,
    fax TEXT,
    company_id BIGINT,
    manager_id BIGINT,
    location_id BIGINT,
    notes TEXT,
    created_at TIMESTAMP WITH TIME ZONE,
    updated_at TIMESTAMP WITH TIME ZONE,
    extra JSONB,
    deleted_at TIMESTAMP WITH TIME ZONE,
    purged_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT departments_pkey PRIMARY KEY (id)
);
COMMENT ON COLUMN snipeit.departments.company_id IS 'the id in snipeit.companies';
COMMENT ON COLUMN snipeit.departments.manager_id IS 'the id in snipeit.users';
COMMENT ON COLUMN snipeit.departments.location_id IS 'the id in snipeit.locations';
COMMENT ON COLUMN snipeit.departments.extra IS 'what Snipe-IT tells under keys that are not known here';
COMMENT ON COLUMN snipeit.departments.deleted_at IS 'when the row was first missed';
COMMENT ON COLUMN snipeit.departments.purged_at IS 'when the row was first known to be gone for good';

CREATE TABLE snipeit.locations (
    id BIGINT NOT NULL,
    name TEXT,
    address TEXT,
    address2 TEXT,
    city TEXT,
    state TEXT,
    country TEXT,
    zip TEXT,
    phone TEXT,
    fax TEXT,
    currency TEXT,
    ldap_ou TEXT,
    notes TEXT,
    parent_id BIGINT,
    company_id BIGINT,
    manager_id BIGINT,
    created_at TIMESTAMP WITH TIME ZONE,
    updated_at TIMESTAMP WITH TIME ZONE,
    extra JSONB,
    deleted_at TIMESTAMP WITH TIME ZONE,
    purged_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT locations_pkey PRIMARY KEY (id)
);
COMMENT ON COLUMN snipeit.locations.parent_id IS 'the id in snipeit.locations';
COMMENT ON COLUMN snipeit.locations.company_id IS 'the id in snipeit.companies';
COMMENT ON COLUMN snipeit.locations.manager_id IS 'the id in snipeit.users';
COMMENT ON COLUMN snipeit.locations.extra IS 'what Snipe-IT tells under keys that are not known here';
COMMENT ON COLUMN snipeit.locations.deleted_at IS 'when the row was first missed';
COMMENT ON COLUMN snipeit.locations.purged_at IS 'when the row was first known to be gone for good';

CREATE TABLE snipeit.suppliers (
    id BIGINT NOT NULL,
    name TEXT,
    url TEXT,
    address TEXT,
    address2 TEXT,
    city TEXT,
    state TEXT,
    country TEXT,
    zip TEXT,
    fax TEXT,
    phone TEXT,
    email TEXT,
    contact TEXT,
    notes TEXT,
    created_at TIMESTAMP WITH TIME ZONE,
    updated_at TIMESTAMP WITH TIME ZONE,
    extra JSONB,
    deleted_at TIMESTAMP WITH TIME ZONE,
    purged_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT suppliers_pkey PRIMARY KEY (id)
);
COMMENT ON COLUMN snipeit.suppliers.extra IS 'what Snipe-IT tells under keys that are not known here';
COMMENT ON COLUMN snipeit.suppliers.deleted_at IS 'when the row was first missed';
COMMENT ON COLUMN snipeit.suppliers.purged_at IS 'when the row was first known to be gone for good';

CREATE TABLE snipeit.manufacturers (
    id BIGINT NOT NULL,
    name TEXT,
    url TEXT,
    support_url TEXT,
    support_phone TEXT,
    support_email TEXT,
    warranty_lookup_url TEXT,
    notes TEXT,
    created_by BIGINT,
    created_at TIMESTAMP WITH TIME ZONE,
    updated_at TIMESTAMP WITH TIME ZONE,
    deleted_at TIMESTAMP WITH TIME ZONE,
    extra JSONB,
    purged_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT manufacturers_pkey PRIMARY KEY (id)
);
COMMENT ON COLUMN snipeit.manufacturers.created_by IS 'the id in snipeit.users';
COMMENT ON COLUMN snipeit.manufacturers.extra IS 'what Snipe-IT tells under keys that are not known here';
COMMENT ON COLUMN snipeit.manufacturers.purged_at IS 'when the row was first known to be gone for good';

CREATE TABLE snipeit.categories (
    id BIGINT NOT NULL,
    name TEXT,
    category_type TEXT,
    use_default_eula BOOLEAN,
    checkin_email BOOLEAN,
    require_acceptance BOOLEAN,
    eula TEXT,
    notes TEXT,
    created_at TIMESTAMP WITH TIME ZONE,
    updated_at TIMESTAMP WITH TIME ZONE,
    extra JSONB,
    deleted_at TIMESTAMP WITH TIME ZONE,
    purged_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT categories_pkey PRIMARY KEY (id)
);
COMMENT ON COLUMN snipeit.categories.extra IS 'what Snipe-IT tells under keys that are not known here';
COMMENT ON COLUMN snipeit.categories.deleted_at IS 'when the row was first missed';
COMMENT ON COLUMN snipeit.categories.purged_at IS 'when the row was first known to be gone for good';

CREATE TABLE snipeit.status_labels (
    id BIGINT NOT NULL,
    name TEXT,
    type TEXT,
    color TEXT,
    show_in_nav BOOLEAN,
    default_label BOOLEAN,
    notes TEXT,
    created_at TIMESTAMP WITH TIME ZONE,
    updated_at TIMESTAMP WITH TIME ZONE,
    extra JSONB,
    deleted_at TIMESTAMP WITH TIME ZONE,
    purged_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT status_labels_pkey PRIMARY KEY (id)
);
COMMENT ON COLUMN snipeit.status_labels.extra IS 'what Snipe-IT tells under keys that are not known here';
COMMENT ON COLUMN snipeit.status_labels.deleted_at IS 'when the row was first missed';
COMMENT ON COLUMN snipeit.status_labels.purged_at IS 'when the row was first known to be gone for good';

CREATE TABLE snipeit.companies (
    id BIGINT NOT NULL,
    name TEXT,
    phone TEXT,
    fax TEXT,
    email TEXT,
    notes TEXT,
    created_at TIMESTAMP WITH TIME ZONE,
    updated_at TIMESTAMP WITH TIME ZONE,
    extra JSONB,
    deleted_at TIMESTAMP WITH TIME ZONE,
    purged_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT companies_pkey PRIMARY KEY (id)
);
COMMENT ON COLUMN snipeit.companies.extra IS 'what Snipe-IT tells under keys that are not known here';
COMMENT ON COLUMN snipeit.companies.deleted_at IS 'when the row was first missed';
COMMENT ON COLUMN snipeit.companies.purged_at IS 'when the row was first known to be gone for good';

CREATE TABLE snipeit.fieldsets (
    id BIGINT NOT NULL,
    name TEXT,
    field_ids BIGINT[],
    created_at TIMESTAMP WITH TIME ZONE,
    updated_at TIMESTAMP WITH TIME ZONE,
    extra JSONB,
    deleted_at TIMESTAMP WITH TIME ZONE,
    purged_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT fieldsets_pkey PRIMARY KEY (id)
);
COMMENT ON COLUMN snipeit.fieldsets.extra IS 'what Snipe-IT tells under keys that are not known here';
COMMENT ON COLUMN snipeit.fieldsets.deleted_at IS 'when the row was first missed';
COMMENT ON COLUMN snipeit.fieldsets.purged_at IS 'when the row was first known to be gone for good';

CREATE TABLE snipeit.fields (
    id BIGINT NOT NULL,
    name TEXT,
    db_column_name TEXT,
    format TEXT,
    type TEXT,
    field_values TEXT,
    required BOOLEAN,
    created_at TIMESTAMP WITH TIME ZONE,
    updated_at TIMESTAMP WITH TIME ZONE,
    extra JSONB,
    deleted_at TIMESTAMP WITH TIME ZONE,
    purged_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT fields_pkey PRIMARY KEY (id)
);
COMMENT ON COLUMN snipeit.fields.extra IS 'what Snipe-IT tells under keys that are not known here';
COMMENT ON COLUMN snipeit.fields.deleted_at IS 'when the row was first missed';
COMMENT ON COLUMN snipeit.fields.purged_at IS 'when the row was first known to be gone for good';

CREATE TABLE snipeit.hardware_history (
    id BIGINT NOT NULL,
    name TEXT,
    asset_tag TEXT,
    serial TEXT,
    model_id BIGINT,
    status_id BIGINT,
    company_id BIGINT,
    location_id BIGINT,
    rtd_location_id BIGINT,
    supplier_id BIGINT,
    assigned_to BIGINT,
    assigned_type TEXT,
    byod BOOLEAN,
    requestable BOOLEAN,
    order_number TEXT,
    purchase_date DATE,
    purchase_cost NUMERIC(20, 2),
    warranty_months INTEGER,
    warranty_expires DATE,
    asset_eol_date DATE,
    last_audit_date TIMESTAMP WITH TIME ZONE,
    next_audit_date DATE,
    last_checkout TIMESTAMP WITH TIME ZONE,
    last_checkin TIMESTAMP WITH TIME ZONE,
    expected_checkin DATE,
    checkin_counter INTEGER,
    checkout_counter INTEGER,
    requests_counter INTEGER,
    notes TEXT,
    custom_fields JSONB,
    created_by BIGINT,
    created_at TIMESTAMP WITH TIME ZONE,
    updated_at TIMESTAMP WITH TIME ZONE,
    deleted_at TIMESTAMP WITH TIME ZONE,
    extra JSONB,
    purged_at TIMESTAMP WITH TIME ZONE,
    valid_from TIMESTAMP WITH TIME ZONE NOT NULL,
    valid_to TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT hardware_history_pkey PRIMARY KEY (id, valid_from)
);
COMMENT ON COLUMN snipeit.hardware_history.model_id IS 'the id in snipeit.models';
COMMENT ON COLUMN snipeit.hardware_history.status_id IS 'the id in snipeit.status_labels';
COMMENT ON COLUMN snipeit.hardware_history.company_id IS 'the id in snipeit.companies';
COMMENT ON COLUMN snipeit.hardware_history.location_id IS 'the id in snipeit.locations';
COMMENT ON COLUMN snipeit.hardware_history.rtd_location_id IS 'the id in snipeit.locations';
COMMENT ON COLUMN snipeit.hardware_history.supplier_id IS 'the id in snipeit.suppliers';
COMMENT ON COLUMN snipeit.hardware_history.created_by IS 'the id in snipeit.users';
COMMENT ON COLUMN snipeit.hardware_history.extra IS 'what Snipe-IT tells under keys that are not known here';
COMMENT ON COLUMN snipeit.hardware_history.purged_at IS 'when the row was first known to be gone for good';
COMMENT ON COLUMN snipeit.hardware_history.valid_from IS 'since which load the row is as it is';
COMMENT ON COLUMN snipeit.hardware_history.valid_to IS 'the load that found another version';

CREATE TABLE snipeit.users_history (
    id BIGINT NOT NULL,
    username TEXT,
    first_name TEXT,
    last_name TEXT,
    email TEXT,
    employee_num TEXT,
    jobtitle TEXT,
    phone TEXT,
    website TEXT,
    address TEXT,
    city TEXT,
    state TEXT,
    country TEXT,
    zip TEXT,
    locale TEXT,
    notes TEXT,
    remote BOOLEAN,
    vip BOOLEAN,
    activated BOOLEAN,
    autoassign_licenses BOOLEAN,
    ldap_import BOOLEAN,
    manager_id BIGINT,
    department_id BIGINT,
    location_id BIGINT,
    company_id BIGINT,
    start_date DATE,
    end_date DATE,
    last_login TIMESTAMP WITH TIME ZONE,
    created_by BIGINT,
    created_at TIMESTAMP WITH TIME ZONE,
    updated_at TIMESTAMP WITH TIME ZONE,
    deleted_at TIMESTAMP WITH TIME ZONE,
    extra JSONB,
    purged_at TIMESTAMP WITH TIME ZONE,
    valid_from TIMESTAMP WITH TIME ZONE NOT NULL,
    valid_to TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT users_history_pkey PRIMARY KEY (id, valid_from)
);
COMMENT ON COLUMN snipeit.users_history.manager_id IS 'the id in snipeit.users';
COMMENT ON COLUMN snipeit.users_history.department_id IS 'the id in snipeit.departments';
COMMENT ON COLUMN snipeit.users_history.location_id IS 'the id in snipeit.locations';
COMMENT ON COLUMN snipeit.users_history.company_id IS 'the id in snipeit.companies';
COMMENT ON COLUMN snipeit.users_history.created_by IS 'the id in snipeit.users';
COMMENT ON COLUMN snipeit.users_history.extra IS 'what Snipe-IT tells under keys that are not known here';
COMMENT ON COLUMN snipeit.users_history.purged_at IS 'when the row was first known to be gone for good';
COMMENT ON COLUMN snipeit.users_history.valid_from IS 'since which load the row is as it is';
COMMENT ON COLUMN snipeit.users_history.valid_to IS 'the load that found another version';

CREATE TABLE snipeit.sync_runs (
    id BIGSERIAL NOT NULL,
    run_id TEXT NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE NOT NULL,
    seconds NUMERIC(12, 3) NOT NULL,
    status TEXT NOT NULL,
    message TEXT,
    requests INTEGER NOT NULL,
    read BIGINT DEFAULT 0 NOT NULL,
    inserted BIGINT DEFAULT 0 NOT NULL,
    updated BIGINT DEFAULT 0 NOT NULL,
    deleted BIGINT DEFAULT 0 NOT NULL,
    tables JSONB DEFAULT '{}' NOT NULL,
    CONSTRAINT sync_runs_pkey PRIMARY KEY (id)
);
CREATE INDEX sync_runs_started_at_idx ON snipeit.sync_runs (started_at);
COMMENT ON COLUMN snipeit.sync_runs.run_id IS 'Dagster''s id of the run';
COMMENT ON COLUMN snipeit.sync_runs.tables IS 'the same numbers by table';

CREATE TABLE snipeit.sync_state (
    name TEXT NOT NULL,
    loaded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    compared_at TIMESTAMP WITH TIME ZONE NOT NULL,
    cursor TEXT NOT NULL,
    CONSTRAINT sync_state_pkey PRIMARY KEY (name)
);
COMMENT ON COLUMN snipeit.sync_state.name IS 'the table';
COMMENT ON COLUMN snipeit.sync_state.loaded_at IS 'the start of the last load that succeeded';
COMMENT ON COLUMN snipeit.sync_state.compared_at IS 'the start of the last load that read the table whole';
COMMENT ON COLUMN snipeit.sync_state.cursor IS 'up to which updated_at, as Snipe-IT writes it, all is known';
