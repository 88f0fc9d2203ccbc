"""What people see: views over the layers below."""
