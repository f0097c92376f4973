// SPDX-License-Identifier: Apache-2.0
// Made by `python -m tests.generate`. Recording rules stand in the group of the alerts that read
// them, so all groups are under prometheusAlerts.
local documents(yaml) = local all = std.parseYaml(yaml); if std.isArray(all) then all else [all];
{
  grafanaDashboards+:: {
    'kube-events-audit-security.json': import 'dashboards/kube-events-audit-security.json',
    'kube-events-audit.json': import 'dashboards/kube-events-audit.json',
    'kube-events-exporter.json': import 'dashboards/kube-events-exporter.json',
    'kube-events-lifecycles.json': import 'dashboards/kube-events-lifecycles.json',
    'kube-events-namespace.json': import 'dashboards/kube-events-namespace.json',
    'kube-events-nodes.json': import 'dashboards/kube-events-nodes.json',
    'kube-events-overview.json': import 'dashboards/kube-events-overview.json',
    'kube-events-pods.json': import 'dashboards/kube-events-pods.json',
    'kube-events-volumes.json': import 'dashboards/kube-events-volumes.json',
  },
  prometheusAlerts+:: {
    groups+: std.flatMap(function(document) document.groups, std.flatMap(documents, [
      importstr 'alerts/add-ons.rules.yaml',
      importstr 'alerts/audit-access.rules.yaml',
      importstr 'alerts/audit-changes.rules.yaml',
      importstr 'alerts/audit-deletions.rules.yaml',
      importstr 'alerts/audit-denials.rules.yaml',
      importstr 'alerts/audit-server.rules.yaml',
      importstr 'alerts/autoscaling.rules.yaml',
      importstr 'alerts/containers.rules.yaml',
      importstr 'alerts/evictions.rules.yaml',
      importstr 'alerts/exporter-audit.rules.yaml',
      importstr 'alerts/exporter.rules.yaml',
      importstr 'alerts/general.rules.yaml',
      importstr 'alerts/images.rules.yaml',
      importstr 'alerts/network.rules.yaml',
      importstr 'alerts/node-problems.rules.yaml',
      importstr 'alerts/node-resources.rules.yaml',
      importstr 'alerts/nodes.rules.yaml',
      importstr 'alerts/pods.rules.yaml',
      importstr 'alerts/sandboxes.rules.yaml',
      importstr 'alerts/scheduling.rules.yaml',
      importstr 'alerts/volumes.rules.yaml',
      importstr 'alerts/workloads.rules.yaml',
    ])),
  },
}
