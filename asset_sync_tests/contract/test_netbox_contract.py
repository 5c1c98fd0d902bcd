"""What our clients rely on in a NetBox, over HTTP: against the simulator, and a real server if one is named.

A real one is named by ASSET_SYNC_TEST_NETBOX_URL and ASSET_SYNC_TEST_NETBOX_TOKEN, and ASSET_SYNC_TEST_NETBOX_TIMEOUT says how
many seconds it may take for an answer (60), since one that is just waking up takes long. The tests make their objects with a
prefix of their own and delete them at the end.
"""

import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
import requests
import uvicorn

from asset_sync.sandbox.netbox import DEFAULT_TOKEN, DEFAULT_TOKEN_V2, READ_ONLY_TOKEN, NetBoxState, create_app

SIMULATED = ("4.6", "4.7")
REAL_URL = os.environ.get("ASSET_SYNC_TEST_NETBOX_URL", "")
REAL_TOKEN = os.environ.get("ASSET_SYNC_TEST_NETBOX_TOKEN", "")
TIMEOUT_S = float(os.environ.get("ASSET_SYNC_TEST_NETBOX_TIMEOUT", "60"))
ASSETS = "plugins/inventory/assets"
UNKNOWN = 999_999_999


@dataclass
class Server:
    """A NetBox to ask, and what was made there."""

    url: str
    token: str
    prefix: str
    simulated: bool
    version: str = ""
    session: requests.Session = field(default_factory=requests.Session)
    made: list[tuple[str, int]] = field(default_factory=list)

    def send(self, method: str, path: str, body: Any = None, **options: Any) -> requests.Response:
        headers = {"Authorization": authorization(self.token), **options.pop("headers", {})}
        answer = self.session.request(
            method, f"{self.url}/api/{path}", json=body, headers=headers, timeout=TIMEOUT_S, allow_redirects=False, **options
        )
        if method == "POST" and answer.status_code == 201:
            rows = answer.json()
            endpoint = path.split("?", maxsplit=1)[0].strip("/")
            self.made += [(endpoint, row["id"]) for row in (rows if isinstance(rows, list) else [rows])]
        return answer

    def get(self, path: str, **params: Any) -> Any:
        answer = self.send("GET", path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def create(self, endpoint: str, body: Any) -> Any:
        answer = self.send("POST", f"{endpoint}/", body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def patch(self, endpoint: str, row_id: int, body: Any) -> Any:
        answer = self.send("PATCH", f"{endpoint}/{row_id}/", body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def slug(self) -> str:
        return f"{self.prefix}-{uuid4().hex[:10]}"

    @property
    def indexed_errors(self) -> bool:
        return tuple(int(part) for part in self.version.split(".")[:2]) >= (4, 7)

    def clean_up(self) -> None:
        for endpoint, row_id in reversed(self.made):
            self.send("DELETE", f"{endpoint}/{row_id}/")


def authorization(token: str) -> str:
    return f"Bearer {token}" if token.startswith("nbt_") else f"Token {token}"


@pytest.fixture(scope="module", params=[*SIMULATED, *(["real"] if REAL_URL and REAL_TOKEN else [])])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    prefix = f"contract{uuid4().hex[:6]}"
    if request.param == "real":
        found = Server(REAL_URL.rstrip("/"), REAL_TOKEN, prefix, simulated=False)
        found.version = found.get("status/")["netbox-version"]
        yield found
        found.clean_up()
        return
    with_uvicorn = uvicorn.Server(uvicorn.Config(create_app(NetBoxState(version=request.param)), port=0, log_level="error"))
    thread = threading.Thread(target=with_uvicorn.run, daemon=True)
    thread.start()
    while not with_uvicorn.started:
        time.sleep(0.005)
    port = with_uvicorn.servers[0].sockets[0].getsockname()[1]
    found = Server(f"http://127.0.0.1:{port}", DEFAULT_TOKEN, prefix, simulated=True)
    found.version = found.get("status/")["netbox-version"]
    yield found
    with_uvicorn.should_exit = True
    thread.join()


@dataclass
class Base:
    """Objects that most tests need."""

    maker: int
    device_type: int
    role: int
    site: int


@pytest.fixture(scope="module")
def base(server: Server) -> Base:
    def named(endpoint: str) -> int:
        slug = server.slug()
        return int(server.create(endpoint, {"name": slug, "slug": slug})["id"])

    maker, slug = named("dcim/manufacturers"), server.slug()
    kind = server.create("dcim/device-types", {"manufacturer": maker, "model": slug, "slug": slug})["id"]
    return Base(maker, kind, named("dcim/device-roles"), named("dcim/sites"))


def asset(server: Server, base: Base, **values: Any) -> dict[str, Any]:
    return {"serial": server.slug(), "status": "stored", "device_type": base.device_type, **values}


def device(server: Server, base: Base, **values: Any) -> dict[str, Any]:
    return {"name": server.slug(), "device_type": base.device_type, "role": base.role, "site": base.site, **values}


def site_list(server: Server, count: int) -> list[dict[str, Any]]:
    return [{"name": slug, "slug": slug} for slug in (server.slug() for _ in range(count))]


def bulk_problems(server: Server, body: Any) -> dict[int, Any]:
    """The errors of a refused bulk create by the index of the row."""
    if server.indexed_errors:
        return {one["index"]: one["errors"] for one in body["errors"]}
    return {index: errors for index, errors in enumerate(body) if errors}


# Who may ask


def test_status_names_version_and_plugin(server: Server) -> None:
    status = server.get("status/")
    assert status["netbox-version"].count(".") == 2
    assert "netbox_inventory" in status["plugins"]


def test_the_user_of_the_token_is_named(server: Server) -> None:
    assert server.get("authentication-check/")["username"]


@pytest.mark.parametrize(
    ("header", "detail"),
    [
        ("", "Authentication credentials were not provided."),
        (f"Token {'e' * 40}", "Invalid v1 token"),
        ("Bearer nbt_aaaaaaaaaaaa.bbbb", "Invalid v2 token"),
    ],
)
def test_without_a_good_token_403(server: Server, header: str, detail: str) -> None:
    answer = requests.get(f"{server.url}/api/dcim/sites/", headers={"Authorization": header}, timeout=TIMEOUT_S)
    assert answer.status_code == 403
    assert answer.json() == {"detail": detail}


def test_a_read_only_token_reads_and_does_not_write(server: Server) -> None:
    if not server.simulated:
        pytest.skip("needs a token of the simulator")
    headers = {"Authorization": f"Token {READ_ONLY_TOKEN}"}
    assert server.send("GET", "dcim/sites/", headers=headers).status_code == 200
    refused = server.send("POST", "dcim/sites/", {"name": "x", "slug": "x"}, headers=headers)
    assert refused.status_code == 403


# URLs and bodies


def test_unknown_object_is_json_and_unknown_endpoint_is_html(server: Server) -> None:
    unknown = server.send("GET", f"dcim/devices/{UNKNOWN}/")
    assert (unknown.status_code, unknown.json()) == (404, {"detail": "No Device matches the given query."})
    nowhere = server.send("GET", "dcim/nothing/")
    assert nowhere.status_code == 404
    assert nowhere.headers["Content-Type"].startswith("text/html")


def test_the_slash_at_the_end_matters(server: Server) -> None:
    moved = server.send("GET", "dcim/sites")
    assert moved.status_code == 301
    assert moved.headers["Location"].endswith("/api/dcim/sites/")
    assert server.send("POST", "dcim/sites", {"name": "x", "slug": "x"}).status_code == 404


def test_malformed_json_and_other_content_types(server: Server) -> None:
    url, headers = f"{server.url}/api/dcim/sites/", {"Authorization": authorization(server.token)}
    broken = requests.post(url, data="{", headers={**headers, "Content-Type": "application/json"}, timeout=TIMEOUT_S)
    assert broken.status_code == 400
    assert broken.json()["detail"].startswith("JSON parse error - ")
    other = requests.post(url, data="a=b", headers={**headers, "Content-Type": "text/plain"}, timeout=TIMEOUT_S)
    assert other.status_code == 415


def test_a_method_that_is_not_there_405(server: Server) -> None:
    answer = server.send("PUT", "core/object-changes/", {})
    assert (answer.status_code, answer.json()) == (405, {"detail": 'Method "PUT" not allowed.'})


def test_ids_of_400_objects_fit_into_a_url_and_500_do_not(server: Server) -> None:
    assert server.send("GET", "dcim/sites/?" + "&".join(f"id={n + 100}" for n in range(400))).status_code == 200
    if server.simulated:
        assert server.send("GET", "dcim/sites/?" + "&".join(f"id={n + 10_000}" for n in range(500))).status_code == 400


# Reading


def test_the_cursor_reads_all_rows_exactly_once(server: Server, base: Base) -> None:
    made = server.create(ASSETS, [asset(server, base) for _ in range(25)])
    url, seen, pages = f"{ASSETS}/?limit=10&start=0&fields=id,serial&device_type_id={base.device_type}", [], 0
    while url:
        page = server.get(url)
        assert page["count"] is None
        seen += [row["id"] for row in page["results"]]
        url, pages = (page["next"] or "").partition("/api/")[2], pages + 1
    assert seen == sorted(set(seen))
    assert {row["id"] for row in made} <= set(seen)
    assert pages > 2


def test_after_an_exactly_full_last_page_comes_an_empty_one(server: Server) -> None:
    tags = server.create("extras/tags", [{"name": slug, "slug": slug} for slug in (server.slug(), server.slug())])
    ids = [tag["id"] for tag in tags]
    last = server.get("extras/tags/", id=ids, limit=2, start=0)
    assert len(last["results"]) == 2
    assert last["next"] is not None
    beyond = server.get(last["next"].partition("/api/")[2])
    assert (beyond["results"], beyond["next"]) == ([], None)


def test_the_cursor_goes_with_neither_offset_nor_ordering(server: Server) -> None:
    assert server.send("GET", "dcim/sites/?start=1&offset=1").status_code == 400
    assert server.send("GET", "dcim/sites/?start=1&ordering=name").status_code == 400


def test_pages_by_offset_sort_numbers_in_names_as_numbers(server: Server) -> None:
    names = [f"{server.prefix} page {number}" for number in (9, 10, 11)]
    made = server.create("dcim/sites", [{"name": name, "slug": server.slug()} for name in reversed(names)])
    ids = [site["id"] for site in made]
    first = server.get("dcim/sites/", id=ids, limit=2)
    assert first["count"] == 3
    assert first["previous"] is None
    second = server.get(first["next"].partition("/api/")[2])
    assert second["previous"] is not None
    assert [row["name"] for row in [*first["results"], *second["results"]]] == names
    assert server.get("dcim/sites/", id=ids, ordering="-id")["results"][0]["id"] == max(ids)


def test_fields_omit_and_brief(server: Server, base: Base) -> None:
    def keys(**params: Any) -> set[str]:
        return set(server.get("dcim/sites/", id=base.site, **params)["results"][0])

    assert keys(fields="id,name,nothing") == {"id", "name"}
    assert "name" not in keys(omit="name")
    assert keys(brief=1) == {"id", "url", "display", "name", "slug", "description"}


def test_an_unknown_filter_is_ignored(server: Server) -> None:
    assert server.get("dcim/sites/", limit=1, no_such_filter=1)["count"] == server.get("dcim/sites/", limit=1)["count"]


@pytest.mark.parametrize(
    "query",
    [
        *("status=bogus", "id=abc", "last_updated__gte=notadate", f"site_id={UNKNOWN}", "site=no-such-slug"),
        "tag=no-such-tag",
    ],
)
def test_bad_values_of_known_filters_are_refused(server: Server, query: str) -> None:
    answer = server.send("GET", f"dcim/devices/?{query}")
    assert answer.status_code == 400
    assert list(answer.json()) == [query.split("=", maxsplit=1)[0]]


def test_filters_find_what_they_should(server: Server, base: Base) -> None:
    one, two = server.create(ASSETS, [asset(server, base), asset(server, base)])

    def found(**params: Any) -> set[int]:
        return {row["id"] for row in server.get(f"{ASSETS}/", device_type_id=base.device_type, **params)["results"]}

    assert found(serial=[one["serial"], two["serial"]]) == {one["id"], two["id"]}
    assert found(serial=one["serial"].upper()) == set()
    assert found(serial__ie=one["serial"].upper()) == {one["id"]}
    assert found(serial__isw=one["serial"][:-1], id=one["id"]) == {one["id"]}
    assert found(serial__n=one["serial"], id=[one["id"], two["id"]]) == {two["id"]}
    assert found(status="used", id=one["id"]) == set()
    assert found(q=one["serial"]) == {one["id"]}


def test_rows_changed_since_a_moment(server: Server, base: Base) -> None:
    before = server.create(ASSETS, asset(server, base))
    after = server.create(ASSETS, asset(server, base))
    rows = server.get(f"{ASSETS}/", last_updated__gte=after["last_updated"], limit=1000)["results"]
    ids = {row["id"] for row in rows}
    assert after["id"] in ids
    assert before["id"] not in ids


def test_the_choices_of_a_field_are_in_options(server: Server) -> None:
    choices = server.send("OPTIONS", f"{ASSETS}/").json()["actions"]["POST"]["status"]["choices"]
    assert {"stored", "used", "retired"} <= {choice["value"] for choice in choices}


# Writing one object


def test_an_unknown_field_in_a_body_is_ignored(server: Server) -> None:
    slug = server.slug()
    assert server.create("dcim/sites", {"name": slug, "slug": slug, "no_such_field": 1})["name"] == slug


def test_missing_fields_are_all_named(server: Server) -> None:
    answer = server.send("POST", "dcim/devices/", {"name": "x"})
    required = ["This field is required."]
    assert (answer.status_code, answer.json()) == (400, dict.fromkeys(("device_type", "role", "site"), required))


def test_references_by_id_and_by_attributes(server: Server, base: Base) -> None:
    slug = server.get(f"dcim/sites/{base.site}/")["slug"]
    made = server.create("dcim/devices", device(server, base, site={"slug": slug}))
    assert made["site"]["id"] == base.site
    for bad in ("some-slug", {"slug": "no-such-slug"}, UNKNOWN):
        answer = server.send("POST", "dcim/devices/", device(server, base, site=bad))
        assert answer.status_code == 400
        assert list(answer.json()) == ["site"]


def test_tags_replace_and_can_be_added_and_removed(server: Server) -> None:
    first, second = server.slug(), server.slug()
    server.create("extras/tags", [{"name": slug, "slug": slug} for slug in (first, second)])
    slug = server.slug()
    made = server.create("dcim/sites", {"name": slug, "slug": slug, "tags": [{"slug": first}]})
    assert [tag["slug"] for tag in made["tags"]] == [first]
    changed = server.patch("dcim/sites", made["id"], {"add_tags": [{"slug": second}]})
    assert {tag["slug"] for tag in changed["tags"]} == {first, second}
    changed = server.patch("dcim/sites", made["id"], {"remove_tags": [{"slug": first}]})
    assert [tag["slug"] for tag in changed["tags"]] == [second]
    assert server.patch("dcim/sites", made["id"], {"tags": []})["tags"] == []
    assert server.send("PATCH", f"dcim/sites/{made['id']}/", {"tags": [{"slug": "no-such"}]}).status_code == 400


def test_custom_fields_merge_and_are_checked(server: Server) -> None:
    one, two = (f"{server.prefix}_{name}" for name in ("one", "two"))
    for name, kind in ((one, "text"), (two, "integer")):
        server.create("extras/custom-fields", {"name": name, "type": kind, "object_types": ["dcim.site"]})
    slug = server.slug()
    site = server.create("dcim/sites", {"name": slug, "slug": slug, "custom_fields": {one: "a"}})
    changed = server.patch("dcim/sites", site["id"], {"custom_fields": {two: 5}})
    assert (changed["custom_fields"][one], changed["custom_fields"][two]) == ("a", 5)
    assert [row["id"] for row in server.get("dcim/sites/", **{f"cf_{one}": "a"})["results"]] == [site["id"]]
    unknown = server.send("PATCH", f"dcim/sites/{site['id']}/", {"custom_fields": {"nope": 1}})
    assert unknown.json() == {"custom_fields": {"nope": "Custom field 'nope' does not exist for this object type."}}
    wrong = server.send("PATCH", f"dcim/sites/{site['id']}/", {"custom_fields": {two: "five"}})
    assert wrong.json() == {"__all__": [f"Invalid value for custom field '{two}': Value must be an integer."]}


def test_a_select_field_reads_as_its_version_does(server: Server) -> None:
    name, slug = f"{server.prefix}_select", server.slug()
    choices = server.create("extras/custom-field-choice-sets", {"name": slug, "extra_choices": [["l", "Linux"]]})
    server.create(
        "extras/custom-fields",
        {"name": name, "type": "select", "choice_set": choices["id"], "object_types": ["dcim.manufacturer"]},
    )
    made = server.create("dcim/manufacturers", {"name": slug, "slug": slug, "custom_fields": {name: "l"}})
    wanted = {"value": "l", "label": "Linux"} if server.indexed_errors else "l"
    assert made["custom_fields"][name] == wanted
    back = server.send("PATCH", f"dcim/manufacturers/{made['id']}/", {"custom_fields": {name: wanted}})
    assert back.status_code == (400 if server.indexed_errors else 200)


def test_fields_limits_what_a_patch_stores(server: Server, base: Base) -> None:
    server.send("PATCH", f"dcim/manufacturers/{base.maker}/?fields=id", {"description": "lost"})
    assert server.get(f"dcim/manufacturers/{base.maker}/")["description"] == ""


def test_text_is_trimmed(server: Server, base: Base) -> None:
    assert server.patch("dcim/manufacturers", base.maker, {"comments": "  text  "})["comments"] == "text"


# Optimistic concurrency


def test_if_match_guards_single_writes(server: Server) -> None:
    slug = server.slug()
    first = server.send("POST", "dcim/sites/", {"name": slug, "slug": slug})
    etag, path = first.headers["ETag"], f"dcim/sites/{first.json()['id']}/"
    assert etag == f'W/"{first.json()["last_updated"].replace("Z", "+00:00")}"'
    assert server.send("GET", path).headers["ETag"] == etag
    changed = server.send("PATCH", path, {"description": "1"}, headers={"If-Match": etag})
    assert changed.status_code == 200
    for method in ("PATCH", "DELETE"):
        stale = server.send(method, path, {"description": "2"}, headers={"If-Match": etag})
        assert (stale.status_code, stale.json()) == (412, {"detail": "Precondition failed."})
    assert server.send("DELETE", path, headers={"If-Match": changed.headers["ETag"]}).status_code == 204


def test_if_match_guards_bulk_patches_with_a_list(server: Server) -> None:
    made = server.create("dcim/sites", site_list(server, 2))
    etags = ", ".join(f'W/"{site["last_updated"].replace("Z", "+00:00")}"' for site in made)
    bodies = [{"id": site["id"], "description": "x"} for site in made]
    assert server.send("PATCH", "dcim/sites/", bodies, headers={"If-Match": etags}).status_code == 200
    assert server.send("PATCH", "dcim/sites/", bodies, headers={"If-Match": etags}).status_code == 412


def test_a_patch_that_changes_nothing_moves_last_updated(server: Server, base: Base) -> None:
    before = server.get(f"dcim/manufacturers/{base.maker}/")
    after = server.patch("dcim/manufacturers", base.maker, {"slug": before["slug"]})
    assert after["last_updated"] > before["last_updated"]


# Bulk writes


def test_bulk_create_answers_every_row(server: Server) -> None:
    bodies = site_list(server, 3)
    made = server.create("dcim/sites", bodies)
    assert {site["slug"] for site in made} == {body["slug"] for body in bodies}


def test_a_refused_bulk_create_stores_nothing_and_names_the_rows(server: Server, base: Base) -> None:
    bodies = [asset(server, base), asset(server, base, status="bogus"), asset(server, base, device_type=UNKNOWN)]
    answer = server.send("POST", f"{ASSETS}/", bodies)
    assert answer.status_code == 400
    problems = bulk_problems(server, answer.json())
    assert {index: list(errors) for index, errors in problems.items()} == {1: ["status"], 2: ["device_type"]}
    assert server.get(f"{ASSETS}/", serial=[body["serial"] for body in bodies])["count"] == 0


def test_a_refused_bulk_create_of_devices(server: Server, base: Base) -> None:
    bodies = [device(server, base), device(server, base, status="bogus")]
    answer = server.send("POST", "dcim/devices/", bodies)
    assert answer.status_code == 400
    refused = {"status": ["bogus is not a valid choice."]}
    if server.indexed_errors:
        assert bulk_problems(server, answer.json()) == {1: refused}
    else:
        assert answer.json() == refused
    assert server.get("dcim/devices/", name=bodies[0]["name"])["count"] == 0


def test_a_duplicate_inside_a_batch(server: Server, base: Base) -> None:
    twin = asset(server, base)
    answer = server.send("POST", f"{ASSETS}/", [twin, twin])
    if server.indexed_errors:
        assert answer.status_code == 400
        assert list(bulk_problems(server, answer.json())) == [1]
    else:
        assert answer.status_code == 500
        assert answer.json()["exception"] == "IntegrityError"
    assert server.get(f"{ASSETS}/", serial=twin["serial"])["count"] == 0


def test_a_refused_bulk_patch_changes_nothing(server: Server) -> None:
    one, two = server.create("dcim/sites", site_list(server, 2))
    bodies = [{"id": one["id"], "description": "changed"}, {"id": two["id"], "status": "bogus"}]
    answer = server.send("PATCH", "dcim/sites/", bodies)
    assert answer.status_code == 400
    refused = {"status": ["bogus is not a valid choice."]}
    indexed = [{"id": two["id"], "errors": refused}]
    assert answer.json() == refused if not server.indexed_errors else answer.json()["errors"] == indexed
    assert server.get(f"dcim/sites/{one['id']}/")["description"] == ""


def test_unknown_ids_in_a_bulk_patch(server: Server) -> None:
    (one,) = server.create("dcim/sites", site_list(server, 1))
    bodies = [{"id": one["id"], "description": "x"}, {"id": UNKNOWN, "description": "x"}]
    answer = server.send("PATCH", "dcim/sites/", bodies)
    if server.indexed_errors:
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["id"] == UNKNOWN
    else:
        assert [row["id"] for row in answer.json()] == [one["id"]]


def test_empty_lists_do_nothing(server: Server) -> None:
    assert [server.send(method, "dcim/sites/", []).status_code for method in ("POST", "PATCH", "DELETE")] == [*(201, 200, 204)]


def test_bulk_delete_is_all_or_nothing(server: Server, base: Base) -> None:
    (free,) = server.create("dcim/sites", site_list(server, 1))
    server.create("dcim/devices", device(server, base))
    answer = server.send("DELETE", "dcim/sites/", [{"id": free["id"]}, {"id": base.site}])
    assert answer.status_code == 409
    assert server.send("GET", f"dcim/sites/{free['id']}/").status_code == 200
    assert server.send("DELETE", "dcim/sites/", [{"id": free["id"]}]).status_code == 204


def test_a_bulk_write_in_the_background(server: Server, base: Base) -> None:
    if not server.indexed_errors:
        pytest.skip("came with 4.7")
    body = asset(server, base)
    answer = server.send("POST", f"{ASSETS}/?background=true", [body])
    assert answer.status_code == 202
    job: dict[str, Any] = {}
    for _ in range(100):
        job = server.get(f"core/jobs/{answer.json()['job']['id']}/")
        if job["status"]["value"] in ("completed", "failed", "errored"):
            break
        time.sleep(0.2)
    assert job["status"]["value"] == "completed"
    (row,) = job["data"]["data"]
    server.made.append((ASSETS, row["id"]))
    assert row["serial"] == body["serial"]


# Change records


def test_a_write_leaves_a_record_with_message_and_request_id(server: Server) -> None:
    slug = server.slug()
    answer = server.send("POST", "dcim/sites/", {"name": slug, "slug": slug, "changelog_message": "why"})
    request_id, site = answer.headers["X-Request-ID"], answer.json()
    (record,) = server.get("core/object-changes/", request_id=request_id)["results"]
    assert (record["action"]["value"], record["changed_object_id"]) == ("create", site["id"])
    assert (record["message"], record["changed_object_type"]) == ("why", "dcim.site")
    assert record["postchange_data"]["slug"] == slug
    rows = server.get("dcim/sites/", modified_by_request=request_id)["results"]
    assert [row["id"] for row in rows] == [site["id"]]


def test_deletions_are_found_in_the_records(server: Server) -> None:
    (site,) = server.create("dcim/sites", site_list(server, 1))
    server.send("DELETE", f"dcim/sites/{site['id']}/")
    rows = server.get(
        "core/object-changes/", action="delete", changed_object_type="dcim.site", time_after=site["created"], start=0
    )["results"]
    assert site["id"] in {row["changed_object_id"] for row in rows}


# Uniqueness and the rules of single types


def test_slugs_and_names_are_unique(server: Server) -> None:
    (site,) = server.create("dcim/sites", site_list(server, 1))
    answer = server.send("POST", "dcim/sites/", {"name": site["name"], "slug": site["slug"]})
    assert answer.json() == {
        "name": ["site with this name already exists."],
        "slug": ["site with this slug already exists."],
    }
    upper = {"name": site["name"].upper(), "slug": server.slug()}
    assert server.send("POST", "dcim/sites/", upper).status_code == 201


def test_of_simultaneous_equal_creations_exactly_one_succeeds(server: Server) -> None:
    slug = server.slug()

    def create(_number: int) -> int:
        headers = {"Authorization": authorization(server.token)}
        body = {"name": slug, "slug": slug}
        return requests.post(f"{server.url}/api/dcim/sites/", json=body, headers=headers, timeout=TIMEOUT_S).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(create, range(8)))
    (site,) = server.get("dcim/sites/", slug=slug)["results"]
    server.made.append(("dcim/sites", site["id"]))
    assert statuses.count(201) == 1
    assert set(statuses) <= {201, 400, 500}


def test_device_names_are_unique_in_a_site_without_case(server: Server, base: Base) -> None:
    made = server.create("dcim/devices", device(server, base))
    answer = server.send("POST", "dcim/devices/", device(server, base, name=made["name"].upper()))
    assert answer.status_code == 400
    assert answer.json()["__all__"][0].startswith("Device name must be unique per site")
    found = server.get("dcim/devices/", name=made["name"].upper())["results"]
    assert [row["id"] for row in found] == [made["id"]]
    nameless = [device(server, base, name=None) for _ in range(2)]
    assert len(server.create("dcim/devices", nameless)) == 2


def test_assets_are_unique_by_type_and_serial_and_by_tag(server: Server, base: Base) -> None:
    made = server.create(ASSETS, asset(server, base, asset_tag=server.slug()))
    again = server.send("POST", f"{ASSETS}/", asset(server, base, serial=made["serial"]))
    assert again.json() == {"__all__": ["Asset with this Device Type and Serial Number already exists."]}
    tag = server.send("POST", f"{ASSETS}/", asset(server, base, asset_tag=made["asset_tag"]))
    assert tag.json() == {"__all__": ["Asset with this Asset Tag and no Owning Tenant already exists."]}
    slug = server.slug()
    other = server.create("dcim/device-types", {"manufacturer": base.maker, "model": slug, "slug": slug})
    assert server.create(ASSETS, asset(server, base, serial=made["serial"], device_type=other["id"]))


def test_an_asset_needs_exactly_one_kind(server: Server, base: Base) -> None:
    none = server.send("POST", f"{ASSETS}/", asset(server, base, device_type=None))
    assert none.status_code == 400
    slug = server.slug()
    item = server.create("plugins/inventory/inventory-item-types", {"manufacturer": base.maker, "model": slug, "slug": slug})
    two = server.send("POST", f"{ASSETS}/", asset(server, base, inventoryitem_type=item["id"]))
    assert two.status_code == 400
    made = server.create(ASSETS, asset(server, base))
    changed = server.patch(ASSETS, made["id"], {"device_type": None, "inventoryitem_type": item["id"]})
    assert changed["kind"] == "inventoryitem"


def test_an_asset_follows_its_device(server: Server, base: Base) -> None:
    host = server.create("dcim/devices", device(server, base))
    made = server.create(ASSETS, asset(server, base))
    assert server.patch(ASSETS, made["id"], {"device": host["id"]})["status"] == "used"
    second = server.send("POST", f"{ASSETS}/", asset(server, base, device=host["id"]))
    assert second.status_code == 500
    assert server.send("DELETE", f"dcim/devices/{host['id']}/").status_code == 204
    left = server.get(f"{ASSETS}/{made['id']}/")
    assert (left["device"], left["status"]) == (None, "stored")


def test_addresses_of_a_device(server: Server, base: Base) -> None:
    host = server.create("dcim/devices", device(server, base))
    port = server.create("dcim/interfaces", {"device": host["id"], "name": "eth0", "type": "other"})
    on_port = {"assigned_object_type": "dcim.interface", "assigned_object_id": port["id"]}
    mac = server.create("dcim/mac-addresses", {"mac_address": "02-aa-00-00-77-01", **on_port})
    assert server.patch("dcim/interfaces", port["id"], {"mac_address": "02:AA:00:00:77:02"})["mac_address"] is None
    changed = server.patch("dcim/interfaces", port["id"], {"primary_mac_address": mac["id"]})
    assert changed["mac_address"] == "02:AA:00:00:77:01"
    loose = server.create("ipam/ip-addresses", {"address": "198.18.77.9/24"})
    assert server.send("PATCH", f"dcim/devices/{host['id']}/", {"primary_ip4": loose["id"]}).status_code == 400
    address = server.create("ipam/ip-addresses", {"address": "198.18.77.10/24", **on_port})
    before = server.get(f"dcim/devices/{host['id']}/")["last_updated"]
    assert before == host["last_updated"]
    primary = server.patch("dcim/devices", host["id"], {"primary_ip4": address["id"]})
    assert primary["primary_ip"]["address"] == "198.18.77.10/24"
    moved = server.send("PATCH", f"ipam/ip-addresses/{address['id']}/", {"assigned_object_id": None})
    assert moved.status_code == 400
    broadcast = server.send("POST", "ipam/ip-addresses/", {"address": "198.18.77.255/24", **on_port})
    assert broadcast.status_code == 400
    assert server.send("DELETE", f"dcim/devices/{host['id']}/").status_code == 204
    gone = [f"dcim/interfaces/{port['id']}/", f"dcim/mac-addresses/{mac['id']}/", f"ipam/ip-addresses/{address['id']}/"]
    assert [server.send("GET", path).status_code for path in gone] == [404, 404, 404]


def test_what_others_need_cannot_be_deleted(server: Server, base: Base) -> None:
    server.create(ASSETS, asset(server, base))
    answer = server.send("DELETE", f"dcim/device-types/{base.device_type}/")
    assert answer.status_code == 409
    assert answer.json()["detail"].startswith("Unable to delete object. ")


# The client library


@pytest.mark.parametrize("token", [DEFAULT_TOKEN, DEFAULT_TOKEN_V2])
def test_pynetbox_works_with_both_kinds_of_token(server: Server, base: Base, token: str) -> None:
    import pynetbox

    if not server.simulated and token != DEFAULT_TOKEN:
        pytest.skip("one token is enough")
    api = pynetbox.api(server.url, token=token if server.simulated else server.token)
    slug = server.slug()
    made = api.dcim.sites.create(name=slug, slug=slug, status="planned")
    server.made.append(("dcim/sites", made.id))
    found = api.dcim.sites.get(slug=slug)
    found.description = "by pynetbox"
    assert found.save()
    assert [site.id for site in api.dcim.sites.filter(slug=[slug])] == [made.id]
    assert api.dcim.sites.get(made.id).description == "by pynetbox"
    assets = api.plugins.inventory.assets
    rows = assets.create([{"serial": server.slug(), "status": "stored", "device_type": base.device_type}])
    assert assets.get(serial=rows[0].serial).device_type.id == base.device_type
    assert rows[0].delete()
    assert api.status()["netbox-version"] == server.version
