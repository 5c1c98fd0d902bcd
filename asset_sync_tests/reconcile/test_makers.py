"""Makers and products that firmware spells in many ways are one; those that are two stay two."""

from typing import Any

import pyarrow as pa
import pytest

from asset_sync.reconcile import forms, makers
from asset_sync.sandbox.company import MAKERS, PRODUCTS


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("Dell Inc.", "Dell"),
        ("DELL", "Dell"),
        ("Dell Computer Corp.", "Dell"),
        ("HEWLETT-PACKARD", "HP"),
        ("HP Inc.", "HP"),
        ("Hewlett Packard Enterprise", "HPE"),
        ("Compaq", "Compaq"),
        ("LENOVO", "Lenovo"),
        ("FUJITSU CLIENT COMPUTING LIMITED", "Fujitsu"),
        ("FUJITSU SIEMENS", "Fujitsu"),
        ("Micro-Star International Co., Ltd.", "MSI"),
        ("ASUSTeK COMPUTER INC.", "ASUS"),
        ("VMware, Inc.", "VMware"),
        ("Microsoft Corporation", "Microsoft"),
        ("Gigabyte Technology Co., Ltd.", "Gigabyte"),
        ("Super Micro Computer, Inc.", "Supermicro"),
        ("MICRO-STAR INT'L CO.,LTD", "MSI"),
        ("MSI Computer Corp.", "MSI"),
        ("WORTMANN_AG", "Wortmann"),
        ("Intel(R) Corporation", "Intel"),
        ("FUJITSU // Phoenix", "Fujitsu"),
        ("Lenovo (United States) Inc.", "Lenovo"),
        ("Lenovo Information Products (Shenzhen) Co.,Ltd", "Lenovo"),
        ("Asus Computer International", "ASUS"),
        ("Dell Products", "Dell"),
        ("TUXEDO Computers GmbH", "TUXEDO"),
        ("ASRock Incorporation", "ASRock"),
        ("Lenovo PC HK Limited", "Lenovo"),
        ("Lenovo Product", "Lenovo"),
        ("Lenovo Global Technology", "Lenovo"),
        ("HP Japan Inc.", "HP"),
        ("Compaq Computer Corporation", "Compaq"),
        ("Compaq-Presario", "Compaq"),
        ("HP-Pavilion", "HP"),
        ("Aruba, a Hewlett Packard Enterprise company", "Aruba"),
        ("HPE Aruba", "Aruba"),
        ("Hewlett Packard Enterprise Development LP", "HPE"),
        ("EMC Corporation", "EMC"),
        ("Dell Wyse", "Wyse"),
        ("Alienware Corporation", "Alienware"),
        ("Acer Incorporated [ALI]", "Acer"),
        ("Packard Bell NEC", "Packard Bell"),
        ("FUJITSU CONNECTED TECHNOLOGIES LIMITED", "Fujitsu"),
        ("Samsung Electronics America", "Samsung"),
        ("QEMU/KVM", "QEMU"),
        ("Meraki", "Meraki"),
        ("Cisco Meraki", "Meraki"),
        ("Cisco-Linksys, LLC", "Linksys"),
        ("Mellanox Technologies, Inc.", "Mellanox"),
        ("Panasonic Mobile Communications Co., Ltd.", "Panasonic"),
        ("Toshiba Information Systems", "Toshiba"),
        ("Dynabook Americas, Inc.", "Dynabook"),
        ("Oracle America, Inc.", "Oracle"),
        ("Gigabyte Tecohnology Co., Ltd.", "Gigabyte"),
        ("Microsoft Surface", "Microsoft"),
        ("NEC Computers International", "NEC"),
        ("TP-LINK TECHNOLOGIES CO., LTD.", "TP-Link"),
        ("LEXMARK INTERNATIONAL INC.", "Lexmark"),
        ("Polycom, Inc.", "Poly"),
        ("Panasonic Avionics", "Panasonic Avionics"),
        ("Acme Computers", "Acme Computers"),
        ("Acme America", "Acme America"),
        ("Acme (Germany)", "Acme (Germany)"),
        ("Acme_Labs", "Acme_Labs"),
        ("ACME GmbH & Co. KG", "ACME"),
        ("Somebody", "Somebody"),
        ("Co.", "Co."),
    ],
)
def test_makers(told: str, name: str) -> None:
    assert makers.maker(told) == name


@pytest.mark.parametrize(
    ("told", "name", "whose"),
    [
        ("HP EliteBook 650 15.6 inch G9 Notebook PC", "EliteBook 650 G9", "HP"),
        ("HP EliteDesk 800 G6 Small Form Factor PC", "EliteDesk 800 G6 SFF", "HP"),
        ("HP EliteDesk 800 G6 SFF", "EliteDesk 800 G6 SFF", "HP"),
        ("Hewlett-Packard HP EliteBook 8470p", "EliteBook 8470p", "HP"),
        ("FUJITSU FUJITSU LIFEBOOK U7411", "LIFEBOOK U7411", "Fujitsu"),
        ("Dell Inc. OptiPlex 3080", "OptiPlex 3080", "Dell"),
        ("HP Compaq Elite 8300 SFF", "Compaq Elite 8300 SFF", "HP"),
        ("Alienware m15 R4", "Alienware m15 R4", "Alienware"),
        ("Cisco Meraki MX64", "Meraki MX64", "Meraki"),
        ("Satellite Pro C50", "Satellite Pro C50", None),
        ("HP ProLiant DL380p Gen8", "ProLiant DL380p Gen8", "HPE"),
        ("Microsoft Surface Pro 7+", "Surface Pro 7+", "Microsoft"),
        ("Surface Pro 7", "Surface Pro 7", "Microsoft"),
        ("MacBookPro18,3", "MacBook Pro (14-inch, 2021)", "Apple"),
        ("MacBook Pro (14-inch, 2021)", "MacBook Pro (14-inch, 2021)", "Apple"),
        ("VMware7,1", "VMware Virtual Platform", "VMware"),
        ("VMware20,1", "VMware20,1", "VMware"),
        ("VMware, Inc. VMware Virtual Platform", "VMware Virtual Platform", "VMware"),
        ("HP Elite x360 1040 14 inch G9 2-in-1 Notebook PC", "Elite x360 1040 G9 2-in-1", "HP"),
        ("HP Pro SFF 400 G9 Desktop PC", "Pro SFF 400 G9", "HP"),
        ("HP", "HP", "HP"),
        ("20XW004AGE", "20XW004AGE", None),
        ("Precision", "Precision", "Dell"),
        ("HP EliteBook 840 G8 Notebook", "EliteBook 840 G8", "HP"),
        ("HP ProDesk 600 G5 Microtower PC", "ProDesk 600 G5 MT", "HP"),
        ("HP EliteDesk 800 G6 TWR", "EliteDesk 800 G6 Tower", "HP"),
        ("HP ProLiant DL380 G10", "ProLiant DL380 Gen10", "HPE"),
        ("ProLiant DL380 G7", "ProLiant DL380 G7", "HPE"),
        ("ThinkPad X1 Carbon 9th", "ThinkPad X1 Carbon Gen 9", "Lenovo"),
        ("Lenovo ThinkPad T14 G2", "ThinkPad T14 Gen 2", "Lenovo"),
        ("Microsoft Surface Pro 7 Plus", "Surface Pro 7+", "Microsoft"),
        ("ZenBook UX425EA_UX425EA", "ZenBook UX425EA", None),
        ("", "", None),
    ],
)
def test_models(told: str, name: str, whose: str | None) -> None:
    assert makers.model(told) == name
    assert makers.maker_of_model(told) == whose


def test_the_companys_eight_makers_are_eight_however_they_are_spelt() -> None:
    assert {makers.maker(spelling) for maker in MAKERS for spelling in maker.spellings} == {maker.name for maker in MAKERS}


def test_each_name_of_a_product_that_is_no_code_is_that_product() -> None:
    for product in PRODUCTS:
        named = {makers.model(name) for name in product.models if name[:2].isalpha()}
        assert len(named) == 1 or product.maker.name == "VMware", product


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("HP ProBook 440 14 inch G9 Notebook PC", "HP ProBook 440 G9 Desktop PC"),
        ("HP ZBook Fury 15.6 inch G8 Mobile Workstation PC", "HP ZBook Fury 17.3 inch G8 Mobile Workstation PC"),
        ("HP EliteOne 800 23.8 inch G9 All-in-One Desktop PC", "HP EliteOne 800 27 inch G9 All-in-One Desktop PC"),
        ("HP 22 inch All-in-One", "HP 24 inch All-in-One"),
        ("HP Laptop 14 inch", "HP Laptop 17 inch"),
        ("Surface Laptop 5 13.5-inch", "Surface Laptop 5 15-inch"),
        ("MacBook Pro 14-inch", "MacBook Pro 16-inch"),
        ("iPad Pro 11-inch", "iPad Pro 12.9-inch"),
        ("iMac 24-inch", "iMac 27-inch"),
        ("LG gram 14 inch", "LG gram 17 inch"),
        ("HP ProDesk 400 G7 Small Form Factor PC", "HP ProDesk 400 G7 Microtower PC"),
        ("ThinkPad T14 Gen 2", "ThinkPad T14 G3"),
        ("Surface Pro 7", "Surface Pro 7 Plus"),
        ("Galaxy S20", "Galaxy S20 Plus"),
        ("ProLiant DL380 G9", "ProLiant DL380 G10"),
    ],
)
def test_products_that_differ_by_a_size_stay_two(one: str, other: str) -> None:
    assert _label(one) != _label(other)


def _label(name: str) -> Any:
    return forms.normal(pa.array([makers.model(name)], pa.large_string()), "model")[0].as_py()
