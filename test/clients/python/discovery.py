"""The APIs by their discovery documents, as google-api-python-client ships them."""

import json
import time
from pathlib import Path

import googleapiclient
import httplib2
from googleapiclient.discovery import build_from_document

DOCUMENTS = Path(googleapiclient.__file__).parent / "discovery_cache" / "documents"
OPERATIONS = {"zones": "zoneOperations", "regions": "regionOperations", "global": "globalOperations"}


def libraries_at(rest, _monitoring, _project):
    return {
        "compute": Discovered("compute.v1", rest),
        "dns": Discovered("dns.v1", rest),
        "monitoring": Discovered("monitoring.v3", rest),
    }


class Discovered:
    """One API, built from its document with another root URL."""

    def __init__(self, name, rest):
        document = json.loads((DOCUMENTS / f"{name}.json").read_text())
        document["rootUrl"] = f"{rest}/"
        self.service = build_from_document(document, http=httplib2.Http())

    def call(self, method, params, body):
        return self._request(method, params, body).execute()

    def change(self, method, params, body):
        """Mutates, and waits for the operation or the change as Google's samples do."""
        answer = self.call(method, params, body)
        if answer.get("kind") == "dns#change":
            return self._until_done(lambda: self.call(["changes", "get"], {**params, "changeId": answer["id"]}, None))
        if answer.get("kind") != "compute#operation":
            return answer
        place = {key: params[key] for key in ("project", "zone", "region") if key in params}
        collection = OPERATIONS["zones" if "zone" in params else "regions" if "region" in params else "global"]
        where = {**place, "operation": answer["name"]}
        return self._until_done(lambda: self.call([collection, "wait"], where, None))

    def list(self, method, params, body):
        return [item for page in self._pages(method, params, body) for item in items_of(page)]

    def aggregated(self, method, params, _body):
        scopes = {}
        for page in self._pages(method, params, None):
            scopes.update(page["items"])
        return scopes

    def _pages(self, method, params, body):
        resource = self._resource(method)
        request = self._request(method, params, body)
        following = getattr(resource, f"{method[-1]}_next")
        while request is not None:
            page = request.execute()
            yield page
            request = following(request, page)

    def _resource(self, method):
        resource = self.service
        for part in method[:-1]:
            resource = getattr(resource, part)()
        return resource

    def _request(self, method, params, body):
        named = {key.replace(".", "_"): value for key, value in params.items()}
        if body is not None:
            named["body"] = body
        return getattr(self._resource(method), method[-1])(**named)

    @staticmethod
    def _until_done(look):
        while True:
            state = look()
            if state["status"] in ("DONE", "done"):
                return state
            time.sleep(0.05)


def items_of(page):
    """The one list of a page."""
    lists = [value for key, value in page.items() if isinstance(value, list) and key != "unreachables"]
    return lists[0] if lists else []
