"""Which rows of an export are one machine, by ids and serials as programs write them."""

from asset_sync_tests.systems.test_pdq_export_cases import refused, values, written


def test_rows_of_one_serial_written_in_two_ways_are_one_machine_with_that_serial() -> None:
    found = written("Name,Serial\npc1,5CG-123\nPC1,5cg123\n")
    assert values(found, "id", "name", "serialNumber") == [("serial:5CG123", "pc1", "5CG-123")]
    assert found.notes == ()


def test_the_fraction_of_a_whole_number_is_no_part_of_an_id() -> None:
    found = written("Device ID,Name\n17.0,pc1\n18,pc2\n")
    assert values(found, "id", "name") == [("id:17", "pc1"), ("id:18", "pc2")]


def test_ids_that_lost_their_last_digits_make_no_machine_of_several() -> None:
    found = written("Device ID,Name,Serial\n1.23457E+11,pc1,SER-A1\n1.23457E+11,pc2,SER-A2\n")
    assert values(found, "id", "name") == [("serial:SERA1", "pc1"), ("serial:SERA2", "pc2")]
    assert found.notes == (
        "id: left empty where it is a number whose last digits may be lost (format the column as text): 2 ('1.23457E+11')",
    )


def test_a_report_with_a_column_a_machine_is_refused() -> None:
    told = refused("Name,pc1,pc2\nSerial Number,A1,A2\nModel,X,Y\n")
    assert told == "report.csv: has its fields below each other, a column a machine; export it with a row a machine"
