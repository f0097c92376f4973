"""Requests that are sensitive operations, and requests that only look like them."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
RBAC = "rbac.authorization.k8s.io"


def user(name: str, *groups: str) -> Json:
    return {"user": {"username": name, "groups": list(groups)}}


def account(namespace: str, name: str) -> Json:
    return user(f"system:serviceaccount:{namespace}:{name}", "system:serviceaccounts")


PERSON = user("ann", "system:authenticated")
NODE = user("system:node:a", "system:nodes")
APISERVER = user("system:apiserver", "system:masters")
MANAGER = user("system:kube-controller-manager")
CONTROLLER = account("kube-system", "clusterrole-aggregation-controller")
FOREIGN = account("shop", "web")
ANONYMOUS = user("system:anonymous", "system:unauthenticated")
CLUSTER = (NODE, APISERVER, MANAGER, account("kube-system", "namespace-controller"))


def on(verb: str, resource: str, namespace: str = "shop", name: str = "", **more: Any) -> Json:
    """A request for a resource, ``group/resource`` and ``.../subresource`` as needed."""
    group = more.pop("group", "")
    resource, _, subresource = resource.partition("/")
    reference = {
        "resource": resource,
        "subresource": subresource,
        "namespace": namespace,
        "name": name,
        "apiGroup": group,
    }
    return {
        "verb": verb,
        "objectRef": {key: value for key, value in reference.items() if value},
        "responseStatus": {"code": 200},
        **more,
    }


def started(verb: str, resource: str, code: int = 101, **more: Any) -> Json:
    whole = on(verb, resource, name="web-0", **more)
    return {**whole, "stage": "ResponseStarted", "responseStatus": {"code": code}}


def node_proxy(path: str, verb: str = "get") -> Json:
    uri = f"/api/v1/nodes/https:a:10250/proxy/{path}"
    return started(verb, "nodes/proxy", 200, namespace="", requestURI=uri)


def pod(resource: str = "pods", group: str = "", verb: str = "create", **spec: Any) -> Json:
    template: Json = {"containers": [{"name": "a"}], **spec}
    if resource == "cronjobs":
        template = {"jobTemplate": {"spec": {"template": {"spec": template}}}}
    elif resource not in ("pods", "pods/ephemeralcontainers"):
        template = {"template": {"spec": template}}
    return on(verb, resource, group=group, requestObject={"spec": template})


def container(**security: Any) -> list[Json]:
    return [{"name": "a"}, {"name": "b", "securityContext": security}]


def role(verb: str = "create", name: str = "r", **rule: Any) -> Json:
    harmless = {"verbs": ["get"], "resources": ["pods"]}
    body = {"rules": [harmless, {**harmless, **rule}]}
    return on(verb, "clusterroles", "", name, group=RBAC, requestObject=body)


def binding(resource: str = "clusterrolebindings", role: str = "cluster-admin") -> Json:
    return on("create", resource, "", "b", group=RBAC, requestObject={"roleRef": {"name": role}})


def acting_as(name: str, *groups: str) -> Json:
    return {"impersonatedUser": {"username": name, "groups": list(groups)}}


HELM = "/api/v1/namespaces/shop/secrets?labelSelector="
ADMISSION = "admissionregistration.k8s.io"
CERTIFICATES = "certificates.k8s.io"
PRIVILEGED = container(privileged=True)
# An operation, and a request that is it.
FIRING: list[tuple[str, Json]] = [
    ("exec", started("get", "pods/exec")),
    ("exec", started("create", "pods/exec")),
    ("exec", {**started("create", "pods/exec"), **FOREIGN}),
    ("attach", started("get", "pods/attach")),
    ("port_forward", started("create", "pods/portforward")),
    ("pod_proxy", started("get", "pods/proxy", 200)),
    ("pod_proxy", started("get", "services/proxy", 200)),
    ("node_proxy", node_proxy("run/shop/web-0/a", "create")),
    ("node_proxy", node_proxy("metrics/../run/shop/web-0/a")),
    ("node_proxy", node_proxy("metrics", "create")),
    ("node_proxy", {**node_proxy("pods"), **account("monitoring", "prometheus")}),
    ("ephemeral_container", on("patch", "pods/ephemeralcontainers")),
    ("secret_read", on("get", "secrets", name="db")),
    ("secret_read", on("list", "secrets")),
    ("secret_read", {**on("watch", "secrets"), **NODE, **acting_as("ann")}),
    ("secret_read", on("list", "secrets", requestURI=HELM + "a%3Db")),
    ("secret_read", on("list", "secrets", requestURI=HELM + "&labelSelector=owner%3Dhelm")),
    ("secret_read", on("list", "secrets", requestURI=HELM + "owner%3Dhelm&labelSelector=")),
    ("secret_list_all", on("list", "secrets", "")),
    ("secret_list_all", {**on("watch", "secrets", ""), **FOREIGN}),
    ("secret_list_all", {**on("list", "secrets", ""), **account("cert-manager", "other")}),
    ("token_request", on("create", "serviceaccounts/token")),
    ("token_request", {**on("create", "serviceaccounts/token"), **FOREIGN}),
    ("csr_approval", on("update", "certificatesigningrequests/approval", "", group=CERTIFICATES)),
    ("rbac_change", role()),
    ("rbac_change", on("delete", "rolebindings", group=RBAC)),
    ("cluster_admin_binding", binding()),
    ("cluster_admin_binding", {**binding("rolebindings"), **MANAGER}),
    (
        "cluster_admin_binding",
        on("patch", "clusterrolebindings", "", "cluster-admin", group=RBAC, requestObject=[]),
    ),
    ("role_escalation", role(verbs=["*"])),
    ("role_escalation", role(resources=["*"])),
    ("role_escalation", role(resources=["configmaps", "pods/exec"])),
    ("role_escalation", role(resources=["nodes/proxy"])),
    ("role_escalation", role(verbs=["get", "escalate"])),
    ("role_escalation", role(verbs=["bind"])),
    ("role_escalation", role(verbs=["impersonate"])),
    ("role_escalation", role(verbs=["impersonate:user-info"])),
    ("role_escalation", {**role("patch", verbs=["*"]), **FOREIGN}),
    ("system_role_change", role("update", "system:node")),
    ("system_role_change", {**role("update", "system:node"), **account("kube-system", "x")}),
    ("impersonation", {**on("get", "pods"), **acting_as("bob", "dev")}),
    ("privileged_impersonation", {**on("get", "pods"), **acting_as("bob", "system:masters")}),
    ("privileged_impersonation", {**on("get", "pods"), **acting_as("system:node:a")}),
    (
        "privileged_impersonation",
        {**on("get", "pods"), **acting_as("system:serviceaccount:kube-system:token-cleaner")},
    ),
    ("admission_config_change", on("create", "validatingwebhookconfigurations", group=ADMISSION)),
    ("admission_config_change", on("delete", "validatingadmissionpolicies", group=ADMISSION)),
    ("namespace_deletion", on("delete", "namespaces", "shop", "shop")),
    ("node_deletion", on("delete", "nodes", "", "a")),
    ("volume_deletion", on("delete", "persistentvolumes", "", "pv")),
    ("volume_claim_deletion", on("delete", "persistentvolumeclaims")),
    ("volume_claim_deletion", on("deletecollection", "persistentvolumeclaims")),
    (
        "crd_deletion",
        on("delete", "customresourcedefinitions", "", group="apiextensions.k8s.io"),
    ),
    ("api_service_deletion", on("delete", "apiservices", "", group="apiregistration.k8s.io")),
    ("privileged_pod", pod(containers=PRIVILEGED)),
    ("privileged_pod", pod(initContainers=PRIVILEGED)),
    ("privileged_pod", pod(containers=container(capabilities={"add": ["SYS_ADMIN"]}))),
    ("privileged_pod", pod(containers=container(capabilities={"add": ["CHOWN", "cap_bpf"]}))),
    ("privileged_pod", pod("daemonsets", "apps", "patch", containers=PRIVILEGED)),
    ("privileged_pod", pod("jobs", "batch", containers=PRIVILEGED)),
    ("privileged_pod", pod("cronjobs", "batch", initContainers=PRIVILEGED)),
    (
        "privileged_pod",
        pod("pods/ephemeralcontainers", verb="patch", ephemeralContainers=PRIVILEGED),
    ),
    (
        "privileged_pod",
        pod(
            "pods/ephemeralcontainers",
            verb="patch",
            ephemeralContainers=container(capabilities={"add": ["NET_ADMIN"]}),
        ),
    ),
    ("host_path_pod", pod(volumes=[{"emptyDir": {}}, {"hostPath": {"path": "/"}}])),
    ("host_path_pod", pod("deployments", "apps", volumes=[{"hostPath": {"path": "etc"}}])),
    ("host_namespace_pod", pod(hostNetwork=True)),
    ("host_namespace_pod", pod(hostPID=True)),
    ("host_namespace_pod", pod("cronjobs", "batch", hostIPC=True)),
    ("kube_system_change", on("update", "configmaps", "kube-system", "coredns")),
    ("kube_system_change", {**on("create", "pods", "kube-public"), **FOREIGN}),
    ("kube_system_change", on("create", "pods/eviction", "kube-system")),
    ("events_deletion", on("deletecollection", "events")),
    ("events_deletion", on("delete", "events", group="events.k8s.io")),
    ("anonymous_access", {**on("list", "pods"), **ANONYMOUS}),
    ("anonymous_access", {**on("get", "", "", requestURI="/apis"), **ANONYMOUS}),
    ("anonymous_access", {**on("get", "", "", requestURI="/versions"), **ANONYMOUS}),
]
SILENT: list[tuple[str, Json]] = [
    ("exec", started("get", "pods/log")),
    ("exec", on("get", "pods/exec")),
    *(
        ("node_proxy", node_proxy(path))
        for path in ("metrics", "metrics/cadvisor?x=y", "healthz", "stats/summary", "configz")
    ),
    ("secret_read", on("get", "secrets", name="sh.helm.release.v1.web.v3")),
    ("secret_read", on("list", "secrets", requestURI=HELM + "owner%3Dhelm")),
    ("secret_read", on("list", "secrets", requestURI=HELM + "name%3Dweb%2Cowner%3Dhelm")),
    ("secret_read", {**on("get", "secrets"), **FOREIGN}),
    ("secret_read", on("create", "secrets")),
    ("secret_list_all", {**on("list", "secrets", ""), **account("cert-manager", "cert-manager")}),
    ("secret_list_all", on("list", "configmaps", "")),
    ("rbac_change", on("list", "roles", group=RBAC)),
    ("cluster_admin_binding", binding(role="admin")),
    ("cluster_admin_binding", {**binding(), **APISERVER}),
    ("role_escalation", role()),
    ("role_escalation", role(resources=["secrets"])),
    ("role_escalation", {**role(verbs=["*"]), **APISERVER}),
    ("role_escalation", {**role("patch", verbs=["*"]), **CONTROLLER}),
    ("system_role_change", role("update", "systems")),
    ("system_role_change", {**role("patch", "system:aggregate"), **CONTROLLER}),
    ("system_role_change", {**role("patch", "system:aggregate"), **MANAGER}),
    ("impersonation", on("get", "pods")),
    ("impersonation", {**on("get", "pods"), **acting_as("bob", "system:masters")}),
    (
        "privileged_impersonation",
        {**on("get", "pods"), **acting_as("system:serviceaccount:shop:web")},
    ),
    (
        "admission_config_change",
        on("patch", "validatingadmissionpolicies/status", group=ADMISSION),
    ),
    (
        "admission_config_change",
        {
            **on("update", "validatingwebhookconfigurations", group=ADMISSION),
            **account("cert-manager", "cert-manager-cainjector"),
        },
    ),
    ("privileged_pod", pod()),
    ("privileged_pod", pod(containers=container(privileged=False))),
    ("privileged_pod", pod(containers=container(capabilities={"add": ["NET_BIND_SERVICE"]}))),
    ("privileged_pod", pod(containers=container(capabilities={"drop": ["SYS_ADMIN"]}))),
    ("privileged_pod", pod(verb="update", containers=PRIVILEGED)),
    ("host_path_pod", pod(volumes=[{"configMap": {"name": "hostPath"}}])),
    # The recycler of volumes, whose pods have a hostPath.
    (
        "host_path_pod",
        {
            **pod(volumes=[{"hostPath": {"path": "/data"}}]),
            **account("kube-system", "persistent-volume-binder"),
        },
    ),
    ("host_namespace_pod", pod(hostNetwork=False)),
    ("kube_system_change", on("update", "configmaps", "kube-systems")),
    ("kube_system_change", on("get", "configmaps", "kube-system")),
    ("kube_system_change", on("update", "leases", "kube-system", group="coordination.k8s.io")),
    ("kube_system_change", on("create", "pods/exec", "kube-system")),
    ("kube_system_change", on("create", "events", "kube-system")),
    *(
        ("anonymous_access", {**on("get", "", "", requestURI=uri), **ANONYMOUS})
        for uri in ("/livez", "/readyz/ping?verbose", "/version", "/healthz?timeout=32s")
    ),
    (
        "anonymous_access",
        {**on("get", "configmaps", "kube-public", "cluster-info"), **ANONYMOUS},
    ),
    ("anonymous_access", on("list", "pods")),
]
