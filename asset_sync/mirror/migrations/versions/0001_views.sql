-- Views and functions of the mirror.

-- Every asset that is not purged, with what follows from other rows: its model, its status label, its holder.
CREATE VIEW snipeit.hardware_detail AS
SELECT
    hardware.*,
    model.name AS model,
    model.model_number,
    model.eol AS eol_months,
    model.category_id,
    category.name AS category,
    model.manufacturer_id,
    manufacturer.name AS manufacturer,
    label.name AS status,
    label.type AS status_type,
    CASE WHEN hardware.assigned_to IS NULL THEN label.type ELSE 'deployed' END AS status_meta,
    company.name AS company,
    location.name AS location,
    rtd_location.name AS rtd_location,
    supplier.name AS supplier,
    holder.username AS assigned_username,
    CASE WHEN holder.id IS NOT NULL THEN concat_ws(' ', holder.first_name, holder.last_name) END AS assigned_user_name,
    department.name AS department
FROM snipeit.hardware
LEFT JOIN snipeit.models AS model ON model.id = hardware.model_id
LEFT JOIN snipeit.categories AS category ON category.id = model.category_id
LEFT JOIN snipeit.manufacturers AS manufacturer ON manufacturer.id = model.manufacturer_id
LEFT JOIN snipeit.status_labels AS label ON label.id = hardware.status_id
LEFT JOIN snipeit.companies AS company ON company.id = hardware.company_id
LEFT JOIN snipeit.locations AS location ON location.id = hardware.location_id
LEFT JOIN snipeit.locations AS rtd_location ON rtd_location.id = hardware.rtd_location_id
LEFT JOIN snipeit.suppliers AS supplier ON supplier.id = hardware.supplier_id
LEFT JOIN snipeit.users AS holder ON hardware.assigned_type = 'user' AND holder.id = hardware.assigned_to
LEFT JOIN snipeit.departments AS department ON department.id = holder.department_id
WHERE hardware.purged_at IS NULL;

COMMENT ON VIEW snipeit.hardware_detail IS 'assets with the names of what they refer to; deleted ones too, purged ones not';

-- The living assets under the columns of the dashboard: text but for the id and the end of the warranty.
CREATE VIEW snipeit.asset AS
SELECT
    id,
    model,
    company,
    coalesce(name, asset_tag) AS asset_name,
    asset_tag,
    model_number AS model_no,
    category,
    manufacturer,
    serial,
    warranty_months || ' months' AS warranty,
    warranty_expires,
    location,
    department,
    status,
    to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') AS created_at,
    assigned_user_name
FROM snipeit.hardware_detail
WHERE deleted_at IS NULL;

COMMENT ON VIEW snipeit.asset IS 'the living assets under the columns of the dashboard';

-- A date that was written as ISO 8601, nothing for any other text: a custom DATE field comes in the display format.
CREATE FUNCTION snipeit.date_or_null(written text) RETURNS date LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
    IF written ~ '^\d{4}-\d{2}-\d{2}$' THEN
        RETURN make_date(left(written, 4)::int, substr(written, 6, 2)::int, right(written, 2)::int);
    END IF;
    RETURN NULL;
EXCEPTION WHEN datetime_field_overflow THEN
    RETURN NULL;
END
$$;

-- One row for each filled custom field of a living asset.
CREATE VIEW snipeit.custom_field AS
SELECT
    hardware.id AS asset_id,
    hardware.asset_tag,
    field.id AS field_id,
    field.name AS field,
    field.format,
    filled.value,
    CASE WHEN filled.value ~ '^[+-]?\d+(\.\d+)?$' AND field.format = 'NUMERIC' THEN filled.value::numeric END AS number,
    CASE WHEN field.format = 'DATE' THEN snipeit.date_or_null(filled.value) END AS day,
    CASE WHEN filled.value ~* '^([0-9a-f]{2}[:-]){5}[0-9a-f]{2}$' AND field.format = 'MAC' THEN filled.value::macaddr END AS mac
FROM snipeit.hardware
CROSS JOIN LATERAL jsonb_each_text(hardware.custom_fields) AS filled (field_id, value)
JOIN snipeit.fields AS field ON field.id = filled.field_id::bigint
WHERE hardware.deleted_at IS NULL AND field.deleted_at IS NULL;

COMMENT ON VIEW snipeit.custom_field IS 'the filled custom fields of living assets, typed by the format of the field';

-- Every version of every asset and user, the current one with an empty valid_to.
CREATE VIEW snipeit.hardware_versions AS
SELECT *, NULL::timestamptz AS valid_to FROM snipeit.hardware
UNION ALL
SELECT * FROM snipeit.hardware_history;

CREATE VIEW snipeit.users_versions AS
SELECT *, NULL::timestamptz AS valid_to FROM snipeit.users
UNION ALL
SELECT * FROM snipeit.users_history;

-- The tables as the mirror had them at a moment.
CREATE FUNCTION snipeit.hardware_as_of(moment timestamptz) RETURNS SETOF snipeit.hardware_versions LANGUAGE sql STABLE AS $$
    SELECT * FROM snipeit.hardware_versions WHERE valid_from <= moment AND (valid_to IS NULL OR valid_to > moment)
$$;

CREATE FUNCTION snipeit.users_as_of(moment timestamptz) RETURNS SETOF snipeit.users_versions LANGUAGE sql STABLE AS $$
    SELECT * FROM snipeit.users_versions WHERE valid_from <= moment AND (valid_to IS NULL OR valid_to > moment)
$$;
