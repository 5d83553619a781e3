"""google-cloud-dns: a library written by hand, which knows zones, changes and plain record sets."""

import time

from google.auth.credentials import AnonymousCredentials
from google.cloud import dns


class Dns:
    def __init__(self, rest, project):
        self.client = dns.Client(
            project=project, credentials=AnonymousCredentials(), client_options={"api_endpoint": rest}
        )

    def call(self, method, params, body):
        return VERBS[".".join(method)](self, params, body)

    def change(self, method, params, body):
        """A change, once the name servers have it."""
        if method[0] != "changes":
            return self.call(method, params, body)
        changes = self._changes(params, body)
        changes.create()
        while changes.status != "done":
            time.sleep(0.05)
            changes.reload()
        return change_json(changes)

    def list(self, method, params, _body):
        if method[0] == "managedZones":
            return every_page(self.client.list_zones, zone_json, params)
        zone = self.client.zone(params["managedZone"])
        if method[0] == "changes":
            return every_page(zone.list_changes, change_json, params)
        return every_page(zone.list_resource_record_sets, record_json, params)

    def _create_zone(self, _params, body):
        zone = self.client.zone(body["name"], body["dnsName"], body.get("description"))
        zone.create()
        return zone_json(zone)

    def _get_zone(self, params, _body):
        zone = self.client.zone(params["managedZone"])
        zone.reload()
        return zone_json(zone)

    def _delete_zone(self, params, _body):
        self.client.zone(params["managedZone"]).delete()
        return {}

    def _create_change(self, params, body):
        changes = self._changes(params, body)
        changes.create()
        return change_json(changes)

    def _changes(self, params, body):
        zone = self.client.zone(params["managedZone"])
        changes = zone.changes()
        for field, add in (("additions", changes.add_record_set), ("deletions", changes.delete_record_set)):
            for each in body.get(field, []):
                add(zone.resource_record_set(each["name"], each["type"], each["ttl"], each["rrdatas"]))
        return changes


VERBS = {
    "managedZones.create": Dns._create_zone,
    "managedZones.get": Dns._get_zone,
    "managedZones.delete": Dns._delete_zone,
    "changes.create": Dns._create_change,
}


def every_page(read, as_json, params):
    """To this library `max_results` is how many it answers in all: whoever wants pages turns them by hand."""
    items, token = [], None
    while True:
        page = read(max_results=params.get("maxResults"), page_token=token)
        items += [as_json(item) for item in page]
        token = page.next_page_token
        if token is None:
            return items


def zone_json(zone):
    return {
        "id": zone.zone_id,
        "name": zone.name,
        "dnsName": zone.dns_name,
        "description": zone.description,
        "nameServers": zone.name_servers,
        "creationTime": zone.created and zone.created.isoformat(),
    }


def change_json(changes):
    return {
        "id": changes.name,
        "status": changes.status,
        "startTime": changes.started.isoformat(),
        "additions": [record_json(each) for each in changes.additions],
        "deletions": [record_json(each) for each in changes.deletions],
    }


def record_json(record):
    return {"name": record.name, "type": record.record_type, "ttl": record.ttl, "rrdatas": record.rrdatas}
