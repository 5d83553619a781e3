/** Monitored resources that the sandbox knows, with their labels, as Google documents them. */
const RESOURCES: Record<string, { displayName: string; labels: string[] }> = {
  global: { displayName: 'Global', labels: ['project_id'] },
  generic_node: { displayName: 'Generic Node', labels: ['project_id', 'location', 'namespace', 'node_id'] },
  generic_task: {
    displayName: 'Generic Task',
    labels: ['project_id', 'location', 'namespace', 'job', 'task_id'],
  },
  gce_instance: { displayName: 'VM Instance', labels: ['project_id', 'instance_id', 'zone'] },
  instance_group: {
    displayName: 'Instance Group',
    labels: ['project_id', 'instance_group_id', 'instance_group_name', 'location'],
  },
  https_lb_rule: {
    displayName: 'Google Cloud HTTP/S Load Balancing Rule',
    labels: [
      'project_id',
      'url_map_name',
      'forwarding_rule_name',
      'target_proxy_name',
      'matched_url_path_rule',
      'backend_target_name',
      'backend_target_type',
      'backend_name',
      'backend_type',
      'backend_scope',
      'backend_scope_type',
      'region',
    ],
  },
  k8s_container: {
    displayName: 'Kubernetes Container',
    labels: ['project_id', 'location', 'cluster_name', 'namespace_name', 'pod_name', 'container_name'],
  },
};

export const RESOURCE_TYPES: readonly string[] = Object.keys(RESOURCES);

/** Labels of a monitored resource; undefined where the sandbox knows no such resource. */
export function resourceLabels(type: string): readonly string[] | undefined {
  return RESOURCES[type]?.labels;
}

/** A `MonitoredResourceDescriptor` in JSON; undefined where the sandbox knows no such resource. */
export function resourceDescriptor(project: string, type: string): Record<string, unknown> | undefined {
  const resource = RESOURCES[type];
  if (!resource) return undefined;
  return {
    name: `projects/${project}/monitoredResourceDescriptors/${type}`,
    type,
    displayName: resource.displayName,
    description: resource.displayName,
    labels: resource.labels.map((key) => ({ key, valueType: 'STRING' })),
    launchStage: 'GA',
  };
}
