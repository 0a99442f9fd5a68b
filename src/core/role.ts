/** What an admin may do: a viewer sees, an operator acts on services and alerts, an owner also changes who and what. */
export type Role = 'viewer' | 'operator' | 'owner';

export type Permission = 'see' | 'act' | 'own';

const allowed: Readonly<Record<Role, readonly Permission[]>> = {
  viewer: ['see'],
  operator: ['see', 'act'],
  owner: ['see', 'act', 'own'],
};

/** Whether a role carries a permission. */
export function may(role: Role, permission: Permission): boolean {
  return allowed[role].includes(permission);
}
