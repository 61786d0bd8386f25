# Tells etcdctl in login shells which cluster to talk to, and how.
# The settings (ETCDCTL_ENDPOINTS=…, ETCDCTL_CACERT=…) are the operator's.
if [ -r /etc/etcd/etcdctl.env ]; then
  set -a
  . /etc/etcd/etcdctl.env
  set +a
fi
